import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fault, fromSystemError } from '../errors/fault.ts';
import { interrupted } from '../errors/interrupted.ts';
import type { Emit } from '../events/event.ts';

export interface Digest {
  sha256: string;
  /** Bytes. */
  size: number;
}

const CHUNK = 1 << 20;
/** SBOMs of large images have some MB; more than this is not read whole. */
const LARGEST = 64 << 20;

/**
 * Size and SHA-256 of a file of any size.
 * @throws Fault IMAGE_UNREADABLE, NO_PERMISSION, INTERRUPTED
 */
export async function digestOf(path: string, emit: Emit, signal: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const part of createReadStream(path, { highWaterMark: CHUNK, signal })) {
      hash.update(part as Buffer);
      size += (part as Buffer).length;
      if (size % (64 * CHUNK) === 0)
        emit({
          type: 'progress',
          id: 'verify',
          label: `sha256 of ${basename(path)}`,
          done: size,
          unit: 'bytes',
        });
    }
  } catch (error) {
    if (signal.aborted) throw interrupted(signal);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Fault('IMAGE_UNREADABLE', `There is no file ${path}`);
    if (code === 'EISDIR')
      throw new Fault('IMAGE_UNREADABLE', `${path} is a directory`, { hint: 'Give the image file itself.' });
    throw fromSystemError(error, `reading ${path}`);
  }
  return { sha256: hash.digest('hex'), size };
}

/** A small file with its digest; null when there is none. */
export async function readBeside(path: string): Promise<{ text: string; sha256: string } | null> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    if ((await file.stat()).size > LARGEST)
      throw new Fault('IMAGE_UNREADABLE', `${path} has more than ${LARGEST} bytes: it is no attestation`);
    const bytes = await file.readFile();
    return { text: bytes.toString(), sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw fromSystemError(error, `reading ${path}`);
  } finally {
    await file?.close();
  }
}
