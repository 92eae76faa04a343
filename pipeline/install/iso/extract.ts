import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { findFile, type IsoFile, joinExtents, listIso } from './listing.ts';

/**
 * Copies one file out of an ISO (the kernel, the initrd). It appears under `dest` only when whole.
 * @param inner path inside the ISO
 * @throws Fault ISO_NOT_DGX when there is no such file; DISK_FULL, NO_PERMISSION
 */
export async function extractFromIso(
  iso: string,
  inner: string,
  dest: string,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const file = findFile(await listIso(iso, options), inner);
  if (!file) throw new Fault('ISO_NOT_DGX', `There is no ${inner} in ${iso}`);
  await copyOut(iso, file, dest, options.signal);
}

/** Copies a listed file's extents to `dest`. */
export async function copyOut(iso: string, file: IsoFile, dest: string, signal?: AbortSignal): Promise<void> {
  const partial = `${dest}.partial`;
  try {
    await makeFolders(dirname(dest));
    await pipeline(readExtents(iso, file), createWriteStream(partial), { signal });
    const written = await open(partial, 'r+');
    try {
      const { size } = await written.stat();
      if (size !== file.bytes)
        throw new Fault('ISO_TRUNCATED', `${iso} ends within ${file.path}`, {
          detail: `${size} of ${file.bytes} bytes are there`,
        });
      await written.sync();
    } finally {
      await written.close();
    }
    await rename(partial, dest);
  } catch (error) {
    await rm(partial, { force: true });
    if (signal?.aborted) throw interrupted(signal);
    throw fromSystemError(error, `copying ${file.path} from the ISO to ${dest}`);
  }
}

/** The whole content of a small file of the ISO. */
export async function readText(iso: string, file: IsoFile): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readExtents(iso, file)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function* readExtents(iso: string, file: IsoFile): AsyncGenerator<Buffer> {
  for (const { offset, bytes } of joinExtents(file.extents))
    if (bytes > 0)
      yield* createReadStream(iso, { start: offset, end: offset + bytes - 1, highWaterMark: 1 << 20 });
}
