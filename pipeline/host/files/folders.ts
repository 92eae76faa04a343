import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder with those above it, or leaves one that is there as it is. `mkdir` of Node with `recursive` does not end where
 * a file system says of a folder that is there that it is not, as /proc does.
 * @param mode of each folder that is made, less the umask
 * @throws errors of the file system
 */
export async function makeFolders(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== path) {
      await makeFolders(parent, mode);
      await mkdir(path, { mode }).catch((second) => unlessFolder(path, second));
    } else await unlessFolder(path, error);
  }
}

/** Another process may have made it in the meantime. */
async function unlessFolder(path: string, error: unknown): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (!there?.isDirectory()) throw error;
}
