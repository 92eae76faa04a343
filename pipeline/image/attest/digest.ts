import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { NotRegular, openRegular, readBounded } from '../../host/files/regular.ts';

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
    const file = await openRegular(path);
    const { size: total } = await file.stat();
    for await (const part of file.createReadStream({ highWaterMark: CHUNK, signal })) {
      hash.update(part as Buffer);
      size += (part as Buffer).length;
      if (size % (64 * CHUNK) === 0)
        emit({
          type: 'progress',
          id: 'verify',
          label: `sha256 of ${basename(path)}`,
          done: size,
          total,
          unit: 'bytes',
        });
    }
  } catch (error) {
    if (signal.aborted) throw interrupted(signal);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Fault('IMAGE_UNREADABLE', `There is no file ${path}`);
    if (error instanceof NotRegular)
      throw new Fault('IMAGE_UNREADABLE', error.message, { hint: 'Use the image file itself.' });
    throw fromSystemError(error, `reading ${path}`);
  }
  return { sha256: hash.digest('hex'), size };
}

/** A small file with its digest. */
export interface Sidecar {
  bytes: Buffer;
  text: string;
  sha256: string;
}

/**
 * Reads a small file with its digest; null when there is none.
 * @throws Fault IMAGE_UNREADABLE for what cannot be a record: too large, a folder, a pipe, a device
 */
export async function readSidecar(path: string): Promise<Sidecar | null> {
  let bytes: Buffer;
  try {
    bytes = await readBounded(path, LARGEST);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (error instanceof NotRegular || code === 'EFBIG')
      throw new Fault('IMAGE_UNREADABLE', `${message}: it does not describe an image`, { cause: error });
    throw fromSystemError(error, `reading ${path}`);
  }
  return { bytes, text: bytes.toString(), sha256: createHash('sha256').update(bytes).digest('hex') };
}
