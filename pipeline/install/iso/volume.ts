import { openRegular } from '../../host/files/regular.ts';

/** The primary volume descriptor of an ISO 9660 file. */
export interface Volume {
  volumeId: string;
  /** Bytes that the whole image must have: volume space size times logical block size. */
  bytes: number;
}

/** ECMA-119, 8.4: the primary volume descriptor stands in sector 16 of 2048 bytes. */
const DESCRIPTOR_OFFSET = 16 * 2048;

/** Reads the primary volume descriptor; null when the file is not an ISO 9660 image or ends before it. */
export async function readVolume(path: string): Promise<Volume | null> {
  const file = await openRegular(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2048), 0, 2048, DESCRIPTOR_OFFSET);
    return bytesRead === 2048 ? parseVolume(buffer) : null;
  } finally {
    await file.close();
  }
}

/** @param sector the 2048 bytes of sector 16 */
export function parseVolume(sector: Buffer): Volume | null {
  if (sector[0] !== 1 || sector.toString('latin1', 1, 6) !== 'CD001') return null;
  return {
    volumeId: sector.toString('latin1', 40, 72).trimEnd(),
    // Both fields stand there in both byte orders; the little-endian half comes first.
    bytes: sector.readUInt32LE(80) * sector.readUInt16LE(128),
  };
}
