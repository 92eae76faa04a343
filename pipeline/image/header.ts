/** Bytes of a tar block. */
export const BLOCK = 512;

/** Sum over a header with its checksum field taken as spaces, as every tar computes it. */
export function checksumOk(block: Buffer): boolean {
  let sum = 8 * 32;
  for (let i = 0; i < 148; i++) sum += block[i]!;
  for (let i = 156; i < BLOCK; i++) sum += block[i]!;
  return sum === number(block, 148, 8);
}

export function isZero(block: Buffer): boolean {
  for (let i = 0; i < block.length; i++) if (block[i] !== 0) return false;
  return true;
}

/**
 * A numeric field, octal or base-256. Stricter than most readers, so that none of them can read another number.
 * @returns null for anything else, a negative number, or one beyond 2^53
 */
export function number(block: Buffer, offset: number, length: number): number | null {
  const end = offset + length;
  if (block[offset]! & 0x80) {
    if (block[offset] !== 0x80) return null;
    let value = 0;
    for (let i = offset + 1; i < end; i++) value = value * 256 + block[i]!;
    return Number.isSafeInteger(value) ? value : null;
  }
  let i = offset;
  while (i < end && block[i] === 0x20) i++;
  let value = 0;
  for (; i < end && block[i]! >= 0x30 && block[i]! <= 0x37; i++) value = value * 8 + block[i]! - 0x30;
  for (; i < end; i++) if (block[i] !== 0 && block[i] !== 0x20) return null;
  return value;
}

/** A text field up to its first NUL, byte for byte (latin1). */
export function text(block: Buffer, offset: number, length: number): string {
  const nul = block.indexOf(0, offset);
  return block.toString('latin1', offset, nul < 0 || nul > offset + length ? offset + length : nul);
}
