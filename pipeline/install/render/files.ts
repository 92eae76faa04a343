import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { chmod, cp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FileToAdd } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { TEMPLATES } from './templates.ts';
import type { RenderImage, RenderRelease } from './types.ts';

/**
 * A file that the installer fetches over HTTP and puts into the target. Fetched, not embedded in the configuration: that
 * has no limit of size, keeps every byte, and the installer's own text substitutions do not touch it.
 */
export interface ServedFile extends FileToAdd {
  /** Path below the served directory. */
  served: string;
  sha256: string;
}

/** The user's files and the release's curtin hook, with their digests. */
export async function filesToServe(
  image: Pick<RenderImage, 'files'>,
  release: Pick<RenderRelease, 'hook'>,
): Promise<ServedFile[]> {
  const files = [...image.files];
  if (release.hook)
    files.push({
      source: join(TEMPLATES, 'hooks', release.hook),
      path: '/curtin/curtin-hooks',
      mode: '0755',
      owner: 'root:root',
    });
  return Promise.all(
    files.map(async (file, i) => ({ ...file, served: `files/${i}`, sha256: await sha256Of(file.source) })),
  );
}

/** Copies the files to where they are served from. */
export async function copyServed(files: ServedFile[], httpDir: string): Promise<void> {
  if (files.length > 0) await makeFolders(join(httpDir, 'files'));
  for (const file of files) {
    await cp(file.source, join(httpDir, file.served));
    await chmod(join(httpDir, file.served), 0o600);
  }
}

const ofTemplates = new Map<string, Promise<string>>();

/**
 * Digest of a file, in hex; of a template once in a process, like the program itself.
 * @throws Fault CONFIG_INVALID when it is missing, no regular file or unreadable
 */
export function sha256Of(path: string): Promise<string> {
  if (!path.startsWith(`${TEMPLATES}/`)) return digestOf(path);
  const digest = ofTemplates.get(path) ?? digestOf(path, true);
  ofTemplates.set(path, digest);
  return digest;
}

/** @param small read at once, as a night begins with all templates */
async function digestOf(path: string, small = false): Promise<string> {
  const hash = createHash('sha256');
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is not a regular file');
    if (small) hash.update(readFileSync(path));
    else await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new Fault('CONFIG_INVALID', `${path} cannot be added to the image: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return hash.digest('hex');
}
