import { BLOCK, checksumOk, isZero, number } from './header.ts';
import { parsePax, paxNumber } from './pax.ts';

/** Linux allows 64 KiB an attribute; an extended header beyond this is damage. */
const LARGEST_EXTENDED = 1 << 20;

/** Bytes that are needed to go on. */
export interface Wanted {
  at: number;
  length: number;
}

/** The thing that begins at some byte of a tar. */
export type Entry =
  /** `body`: where its content begins, or would; `end`: where the next one begins; `globalSize`: for the next one. */
  | { kind: 'entry'; body: number; end: number; globalSize: number | null }
  /** A block of zeros at `at`, which ends an archive. */
  | { kind: 'zeros'; at: number }
  | { kind: 'damage'; what: string; at: number };

/**
 * Finds where an entry of a tar begins and ends, by its headers alone: those that extend it (PAX, GNU's long names) belong to it.
 * @param globalSize the size that a global PAX header before it gives to every entry
 */
export function* readEntry(start: number, globalSize: number | null): Generator<Wanted, Entry, Buffer> {
  let at = start;
  let nextSize: number | null = null;
  let everySize = globalSize;
  for (;;) {
    const header = yield { at, length: BLOCK };
    if (isZero(header)) return { kind: 'zeros', at };
    const size = number(header, 124, 12);
    if (size === null || !checksumOk(header)) return { kind: 'damage', what: 'a damaged header', at };
    const type = String.fromCharCode(header[156]!);
    // The bytes of a request may be gone once there is another one.
    let more = type === 'S' && header[482] !== 0;
    at += BLOCK;
    if (type === 'x' || type === 'g') {
      const records = size <= LARGEST_EXTENDED ? parsePax(yield { at, length: size }) : null;
      if (!records) return { kind: 'damage', what: 'a damaged PAX header', at: at - BLOCK };
      const stated = paxNumber(records, 'size');
      if (type === 'g') everySize = stated;
      else nextSize = stated;
      at += padded(size);
      continue;
    }
    if (type === 'L' || type === 'K') {
      at += padded(size);
      continue;
    }
    // GNU's old sparse format continues its map in blocks between header and body, as long as each says so.
    for (; more; at += BLOCK) more = (yield { at, length: BLOCK })[504] !== 0;
    // A hard link has no body, whatever its size field says (GNU tar reads it so).
    const end = at + (type === '1' ? 0 : padded(nextSize ?? everySize ?? size));
    return { kind: 'entry', body: at, end, globalSize: everySize };
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
