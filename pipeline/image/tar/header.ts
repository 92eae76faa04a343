/** Bytes of a tar block. */
export const BLOCK = 512;

/** Whether the checksum field holds the sum of the header with that field taken as spaces, of signed or unsigned bytes: GNU tar takes both. */
export function checksumOk(block: Buffer): boolean {
  const recorded = number(block, 148, 8, { octal: true });
  if (recorded === null) return false;
  let unsigned = 8 * 32;
  let high = 0;
  for (let i = 0; i < BLOCK; i++) {
    if (i >= 148 && i < 156) continue;
    unsigned += block[i]!;
    if (block[i]! > 127) high += 1;
  }
  return recorded === unsigned || recorded === unsigned - 256 * high;
}

export function isZero(block: Buffer): boolean {
  for (let i = 0; i < block.length; i++) if (block[i] !== 0) return false;
  return true;
}

/**
 * A numeric field as GNU tar 1.34 reads it (from_header): a NUL and blanks may come first, octal digits end at a NUL, a blank or the
 * field's end, and what stands behind them is not looked at; or base-256, of both signs.
 * @param options `octal`: no base-256; `signed`: a negative number is one
 * @returns null for what tar calls an error, and for its base-64 of 1999 and numbers beyond 2^53, which no archive of ours has
 */
export function number(
  block: Buffer,
  offset: number,
  length: number,
  options: { octal?: boolean; signed?: boolean } = {},
): number | null {
  const end = offset + length;
  let at = offset;
  if (block[at] === 0) at += 1;
  while (at < end && isBlank(block[at]!)) at += 1;
  if (at === end) return null;
  let value = 0;
  if (!isOctal(block[at]!)) {
    if (block[at] === 0) return 0;
    return options.octal ? null : base256(block.subarray(at, end), options.signed ?? false);
  }
  for (; at < end && isOctal(block[at]!); at++) value = value * 8 + block[at]! - 0x30;
  return at === end || block[at] === 0 || isBlank(block[at]!) ? value : null;
}

function base256(bytes: Buffer, signed: boolean): number | null {
  if (bytes.length < 2 || (bytes[0] !== 0x80 && !(signed && bytes[0] === 0xff))) return null;
  let value = bytes[0] === 0xff ? -1 : 0;
  for (let i = 1; i < bytes.length; i++) {
    value = value * 256 + bytes[i]!;
    if (!Number.isSafeInteger(value)) return null;
  }
  return value;
}

/** A text field up to its first NUL, byte for byte (latin1). */
export function text(block: Buffer, offset: number, length: number): string {
  return block.toString('latin1', offset, offset + length).split('\0', 1)[0]!;
}

export type Format = 'v7' | 'ustar' | 'star' | 'gnu';

/** The format that GNU tar takes a header for, by its magic. star's is a ustar with two times where the end of the prefix would be. */
export function formatOfHeader(block: Buffer): Format {
  const magic = block.toString('latin1', 257, 265);
  if (magic === 'ustar  \0') return 'gnu';
  if (!magic.startsWith('ustar\0')) return 'v7';
  const time = (offset: number) => isOctal(block[offset]!) && block[offset + 11] === 0x20;
  return block[345 + 130] === 0 && time(476) && time(488) ? 'star' : 'ustar';
}

function isOctal(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x37;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
