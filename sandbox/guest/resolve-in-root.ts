import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SandboxError } from '../error.ts';

/**
 * The path of a file in an unpacked root, its folders made; either nothing or a plain file of one name is there then. What is
 * written must never go through a link, a device or a pipe of the image's own: they lead to files and disks of this host.
 * @throws SandboxError TAR_INVALID when a folder on the way is none, or a folder stands where the file belongs
 */
export async function resolveInRoot(root: string, path: string): Promise<string> {
  const steps = path.split('/');
  const name = steps.pop() as string;
  let dir = root;
  for (const step of steps) {
    dir = join(dir, step);
    const found = await lstat(dir).catch(() => undefined);
    if (!found) await mkdir(dir, { mode: 0o755 });
    else if (!found.isDirectory())
      throw new SandboxError(
        'TAR_INVALID',
        `/${path} cannot be written in this image: ${dir.slice(root.length)} is not a folder`,
      );
  }
  const file = join(dir, name);
  const found = await lstat(file).catch(() => undefined);
  if (found?.isDirectory())
    throw new SandboxError('TAR_INVALID', `/${path} cannot be written in this image: it is a folder there`);
  if (found && !found.isFile()) await rm(file);
  return file;
}
