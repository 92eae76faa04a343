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
  /** Where the data lies; null: the map stands before the data in the body (PAX 1.0). */
  segments: Segment[] | null;
}

/** Segments in a block of GNU's own sparse format: 4 in the header at 386, 21 in each further block at 0. */
export function gnuSegments(block: Buffer, offset: number, slots: number): Segment[] | null {
  const segments: Segment[] = [];
  for (let i = 0; i < slots; i++) {
    const at = offset + i * 24;
    if (block[at] === 0) break;
    const start = number(block, at, 12);
    const length = number(block, at + 12, 12);
    if (start === null || length === null) return null;
    segments.push({ offset: start, length });
  }
  return segments;
}

/** What PAX records say of holes, for the versions 0.0, 0.1 and 1.0; null for an ordinary file. */
export function paxSparse(pax: ReadonlyMap<string, Buffer>): Sparse | null {
  const size = paxNumber(pax, 'GNU.sparse.realsize') ?? paxNumber(pax, 'GNU.sparse.size');
  if (size === null) return null;
  const map = pax.get('GNU.sparse.map')?.toString('latin1');
  if (map === undefined) return { size, segments: null };
  const numbers = map.split(',').map(Number);
  const segments: Segment[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2)
    segments.push({ offset: numbers[i]!, length: numbers[i + 1]! });
  return { size, segments };
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
    if (!(offset >= 0 && length >= 0 && offset + length <= whole.length && at + length <= data.length))
      return null;
    data.copy(whole, offset, at, at + length);
    at += length;
  }
  return whole;
}

/** The map at the head of a PAX 1.0 body: decimal lines, filled up to a block. */
function bodyMap(body: Buffer): { segments: Segment[]; data: Buffer } | null {
  let at = 0;
  const next = () => {
    const end = body.indexOf(0x0a, at);
    const line = end < 0 ? '' : body.toString('latin1', at, end);
    at = end + 1;
    return /^[0-9]{1,16}$/.test(line) ? Number(line) : null;
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
  return { segments, data: body.subarray(Math.ceil(at / BLOCK) * BLOCK) };
}
