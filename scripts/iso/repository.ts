import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { DEMO } from './inputs.ts';

/** Puts an apt repository into `dir`: the downloaded packages and the project's own, with Packages and Release. */
export async function makeRepository(dir: string, downloads: string, work: string): Promise<void> {
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
  const inside = $({ cwd: dir });
  await writeFile(join(dir, 'Packages'), (await inside`apt-ftparchive packages .`).stdout);
  await inside`gzip --keep --no-name Packages`;
  const release = ['Origin', 'Label', 'Codename'].flatMap((key) => [
    '-o',
    `APT::FTPArchive::Release::${key}=demo`,
  ]);
  await writeFile(join(dir, 'Release'), (await inside`apt-ftparchive ${release} release .`).stdout);
}
