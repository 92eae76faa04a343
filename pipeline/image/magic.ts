export type Format = 'gzip' | 'xz' | 'bzip2' | 'none' | 'unknown';

/** Bytes needed to tell the formats apart: a tar has its magic at 257. */
export const MAGIC_BYTES = 512;

/**
 * The compression of a stream by its first bytes.
 * @returns `name` is what a person calls it, for formats that MAAS and curtin do not take
 */
export function formatOf(head: Buffer): { format: Format; name: string } {
  const starts = (...bytes: number[]) => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x1f, 0x8b)) return { format: 'gzip', name: 'gzip' };
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return { format: 'xz', name: 'xz' };
  if (starts(0x42, 0x5a, 0x68)) return { format: 'bzip2', name: 'bzip2' };
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return { format: 'unknown', name: 'zstd' };
  if (starts(0x50, 0x4b, 0x03, 0x04)) return { format: 'unknown', name: 'zip' };
  if (starts(0x51, 0x46, 0x49, 0xfb)) return { format: 'unknown', name: 'a qcow2 disk' };
  if (starts(0x68, 0x73, 0x71, 0x73)) return { format: 'unknown', name: 'squashfs' };
  if (starts(0x3c)) return { format: 'unknown', name: 'a web page or XML' };
  // Whatever else: the reader of the tar will say that it is none.
  return { format: 'none', name: 'tar' };
}
