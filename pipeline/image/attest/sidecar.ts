import { createHash } from 'node:crypto';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { NotRegular, readBounded } from '../../host/files/regular.ts';

/** SBOMs of large images have some MB; more than this is not read whole. */
const LARGEST = 64 << 20;

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
