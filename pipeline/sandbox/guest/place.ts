import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../errors/fault.ts';

/**
 * The path of a file in an unpacked root, its folders made. Never through a link: one of the image's own could lead to a file
 * of this host.
 * @throws Fault TAR_INVALID when a folder on the way is a link or a file
 */
export async function placeIn(root: string, path: string): Promise<string> {
  const steps = path.split('/');
  const name = steps.pop() as string;
  let dir = root;
  for (const step of steps) {
    dir = join(dir, step);
    const found = await lstat(dir).catch(() => undefined);
    if (!found) await mkdir(dir, { mode: 0o755 });
    else if (!found.isDirectory())
      throw new Fault(
        'TAR_INVALID',
        `/${path} cannot be written in this image: ${dir.slice(root.length)} is no folder`,
      );
  }
  const file = join(dir, name);
  if ((await lstat(file).catch(() => undefined))?.isSymbolicLink()) await rm(file);
  return file;
}
