import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { DEMO } from './inputs.ts';

/** Puts the downloaded packages and the project's own into `dir`. */
async function putPackages(dir: string, downloads: string, work: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  // apt's own file names carry the epoch as "1%3a", which not every web server finds again.
  for (const name of await readdir(join(downloads, 'repository')))
    await copyFile(join(downloads, 'repository', name), join(dir, name.replace(/_\d+%3a/i, '_')));
  const stage = join(work, 'debs');
  await $`cp -r ${DEMO}/debs ${stage}`;
  const specimens = join(stage, 'demo-specimens', 'usr', 'share', 'demo-specimens');
  await $`install -D -m 755 ${DEMO}/specimens.sh ${specimens}/specimens.sh`;
  for (const name of await readdir(stage)) {
    await $`chmod -R u=rwX,go=rX ${join(stage, name)}`;
    await $`dpkg-deb --root-owner-group -Zxz --build ${join(stage, name)} ${dir}`;
  }
}

const NAMES = ['Origin', 'Label'].flatMap((key) => ['-o', `APT::FTPArchive::Release::${key}=demo`]);

/** An apt repository without folders in `dir`, with Packages and Release. */
export async function makeRepository(dir: string, downloads: string, work: string): Promise<void> {
  await putPackages(dir, downloads, work);
  const inside = $({ cwd: dir });
  await writeFile(join(dir, 'Packages'), (await inside`apt-ftparchive packages .`).stdout);
  await inside`gzip --keep --no-name Packages`;
  const release = [...NAMES, '-o', 'APT::FTPArchive::Release::Codename=demo'];
  await writeFile(join(dir, 'Release'), (await inside`apt-ftparchive ${release} release .`).stdout);
}

/** An apt repository with pool/ and dists/SUITE/main in `tree`, as a medium of Ubuntu's has it. */
export async function makeArchive(
  tree: string,
  suite: string,
  downloads: string,
  work: string,
): Promise<void> {
  await putPackages(join(tree, 'pool'), downloads, work);
  const index = join('dists', suite, 'main', 'binary-amd64');
  await mkdir(join(tree, index), { recursive: true });
  const inside = $({ cwd: tree });
  await writeFile(join(tree, index, 'Packages'), (await inside`apt-ftparchive packages pool`).stdout);
  const names = { Codename: suite, Suite: suite, Components: 'main', Architectures: 'amd64' };
  const release = Object.entries(names).flatMap(([key, value]) => [
    '-o',
    `APT::FTPArchive::Release::${key}=${value}`,
  ]);
  const { stdout } = await inside`apt-ftparchive ${NAMES} ${release} release dists/${suite}`;
  await writeFile(join(tree, 'dists', suite, 'Release'), stdout);
}
