import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * The files of a Debian package, unpacked and not installed: for programs that a test runs and nobody wants on the host, such as
 * cloud-init. Kept in the user's cache.
 * @returns the folder
 */
export async function debianPackage(name: string): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'dgxos-maas-tests', 'debian');
  const final = join(cache, name);
  if (existsSync(final)) return final;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, `.${name}-`));
  const download = () => execa('apt-get', ['download', '-q', name], { cwd: work, all: true });
  await download().catch(async () => {
    // The package lists may be older than the archive.
    await execa('apt-get', ['update', '-q']);
    await download();
  });
  const deb = (await readdir(work)).find((file) => file.endsWith('.deb'))!;
  await execa('dpkg-deb', ['-x', join(work, deb), join(work, 'root')]);
  // Somebody else may have been quicker.
  await rename(join(work, 'root'), final).catch(() => {});
  await rm(work, { recursive: true, force: true });
  return final;
}
