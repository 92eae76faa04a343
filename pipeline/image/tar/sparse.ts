import { BLOCK, number } from './header.ts';
import { paxNumber } from './pax.ts';

/** A stretch of data in a file with holes: where it is in the file, how long it is. Bytes. */
export interface Segment {
  offset: number;
  length: number;
}

export interface Sparse {
  /** Length of the file, holes included. */
  size: number;
  /** The position of the data; null: the map stands before the data in the body (PAX 1.0). */
  segments: Segment[] | null;
}

/**
 * A map of holes as GNU tar reads it, entry by entry: the length of the file, and the bytes of the archive that it takes. Maps that go back
 * or on after their end are not written by any tool: they are refused.
 */
export class Extent {
  /** Length of the file so far. */
  length = 0;
  /** Bytes of the archive that the data takes: every stretch is filled up to a block. */
  stored = 0;
  #closed = false;

  /** @returns false when the entry cannot follow those before */
  add({ offset, length }: Segment): boolean {
    if (this.#closed || offset < this.length) return false;
    // An entry without data ends the file where it stands.
    if (length === 0) this.#closed = true;
    this.length = offset + length;
    this.stored += padded(length);
    return Number.isSafeInteger(this.length) && Number.isSafeInteger(this.stored);
  }
}

/**
 * Segments in a block of GNU's own sparse format: 4 in the header at 386, 21 in each further block at 0.
 * @returns `full`: all places are taken, so that tar looks whether another block follows; null for a damaged map
 */
export function gnuSegments(
  block: Buffer,
  offset: number,
  slots: number,
): { segments: Segment[]; full: boolean } | null {
  const segments: Segment[] = [];
  for (let i = 0; i < slots; i++) {
    const at = offset + i * 24;
    if (block[at + 12] === 0) return { segments, full: false };
    const start = number(block, at, 12);
    const length = number(block, at + 12, 12);
    if (start === null || length === null) return null;
    segments.push({ offset: start, length });
  }
  return { segments, full: true };
}

/**
 * The holes in PAX records, for the versions 0.0, 0.1 and 1.0.
 * @returns null for an ordinary file, 'damaged' for records that do not fit together
 */
export function paxSparse(pax: ReadonlyMap<string, Buffer>): Sparse | null | 'damaged' {
  const size = paxNumber(pax, 'GNU.sparse.realsize') ?? paxNumber(pax, 'GNU.sparse.size');
  const map = pax.get('GNU.sparse.map');
  const major = paxNumber(pax, 'GNU.sparse.major') ?? 0;
  if (size === null) return map === undefined && major === 0 ? null : 'damaged';
  if (major > 0) return map === undefined ? { size, segments: null } : 'damaged';
  // A length without a map changes how much tar reads, and nothing else.
  if (map === undefined) return 'damaged';
  const numbers = map.toString('latin1').split(',');
  const segments: Segment[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    const [offset, length] = [decimal(numbers[i]), decimal(numbers[i + 1])];
    if (offset === null || length === null) return 'damaged';
    segments.push({ offset, length });
  }
  return segments.length <= paxNumber(pax, 'GNU.sparse.numblocks')! ? { size, segments } : 'damaged';
}

function decimal(text: string | undefined): number | null {
  return text !== undefined && /^[0-9]{1,16}$/.test(text) && Number.isSafeInteger(Number(text))
    ? Number(text)
    : null;
}

/** Reads the map at the head of a PAX 1.0 body as it comes: decimal lines, filled up to a block. */
export class BodyMap {
  readonly extent = new Extent();
  /** Blocks of the body that the map takes. */
  blocks = 0;
  #line = '';
  #left = -1;
  #offset = -1;

  /** Takes a block. @returns whether the map is over, or null when it is damaged */
  block(block: Buffer): boolean | null {
    this.blocks += 1;
    for (const byte of block) {
      if (byte !== 0x0a) {
        this.#line += String.fromCharCode(byte);
        if (this.#line.length > 16) return null;
        continue;
      }
      const value = decimal(this.#line);
      this.#line = '';
      if (value === null) return null;
      if (this.#left === -1) this.#left = value;
      else if (this.#offset === -1) this.#offset = value;
      else {
        if (!this.extent.add({ offset: this.#offset, length: value })) return null;
        this.#offset = -1;
        this.#left -= 1;
      }
      if (this.#left === 0) return true;
    }
    return false;
  }
}

/**
 * The whole file from what the archive stores of it. Only for small files: `sparse.size` bytes are allocated.
 * @returns null when map and data do not fit together
 */
export function expand(sparse: Sparse, body: Buffer): Buffer | null {
  let data = body;
  let segments = sparse.segments;
  if (segments === null) {
    const map = bodyMap(body);
    if (!map) return null;
    ({ segments, data } = map);
  }
  const whole = Buffer.alloc(sparse.size);
  let at = 0;
  for (const { offset, length } of segments) {
    // The entry that ends a map has no data, and may stand behind the last block.
    if (length === 0) continue;
    if (offset + length > whole.length || at + length > data.length) return null;
    data.copy(whole, offset, at, at + length);
    at += padded(length);
  }
  return whole;
}

/** The map at the head of a PAX 1.0 body, and the data behind it. */
function bodyMap(body: Buffer): { segments: Segment[]; data: Buffer } | null {
  let at = 0;
  const next = () => {
    const end = body.indexOf(0x0a, at);
    const line = end === -1 ? undefined : body.toString('latin1', at, Math.min(end, at + 20));
    at = end + 1;
    return decimal(line);
  };
  const count = next();
  if (count === null || count > body.length) return null;
  const segments: Segment[] = [];
  for (let i = 0; i < count; i++) {
    const offset = next();
    const length = next();
    if (offset === null || length === null) return null;
    segments.push({ offset, length });
  }
  return { segments, data: body.subarray(padded(at)) };
}

/** Bytes filled up to a whole block. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
