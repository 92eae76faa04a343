import { open } from 'node:fs/promises';

/** Bytes of a picture in a page; the screen of a machine has some ten thousand. */
const LARGEST = 1 << 20;
const LARGEST_SIDE = 4096;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG as a data URL; null for a file that is missing, too large, or not a whole PNG. */
export async function pictureUrl(path: string): Promise<string | null> {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    if (size > LARGEST) return null;
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size), position: 0 });
    const bytes = buffer.subarray(0, bytesRead);
    return isPng(bytes) ? `data:image/png;base64,${bytes.toString('base64')}` : null;
  } finally {
    await file.close();
  }
}

/** Whether the bytes are a PNG of a usual size: its signature, and whole chunks from IHDR to IEND with nothing after it. */
export function isPng(bytes: Buffer): boolean {
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) return false;
  let at = 8;
  let first = true;
  while (at + 12 <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (first && (type !== 'IHDR' || length !== 13 || !isUsual(bytes, at + 8))) return false;
    first = false;
    at += 12 + length;
    if (type === 'IEND') return length === 0 && at === bytes.length;
  }
  return false;
}

function isUsual(bytes: Buffer, at: number): boolean {
  if (bytes.length < at + 8) return false;
  const sides = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
  return sides.every((side) => side > 0 && side <= LARGEST_SIDE);
}
