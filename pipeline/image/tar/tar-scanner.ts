import type { ProblemKind } from '../facts/facts.ts';
import { EXTENDED_TYPES, Extended } from './extended.ts';
import { BLOCK, checksumOk, isZero, number } from './header.ts';
import { type ParsedHeader, readMember } from './member.ts';
import { BodyMap, Extent, gnuSegments, padded, type Segment, type Sparse } from './sparse.ts';
import { Tail } from './tail.ts';

/** The extended headers of an image are not larger than this (Linux allows 64 KiB an attribute). */
const LARGEST_EXTENDED = 1 << 20;

type Mode = 'header' | 'body' | 'extended' | 'gnu-map' | 'pax-map' | 'tail' | 'stopped';

/**
 * Walks the raw tar as GNU tar 1.34 extracts it, and ends where it ends. tar-stream gets the content that somebody wants, each under
 * a plain header made here: what a header means is decided once.
 */
export class TarScanner {
  problem: { kind: ProblemKind; text: string } | null = null;
  readonly tail = new Tail();
  offset = 0;

  readonly #take: (reading: ParsedHeader) => boolean;
  readonly #extended = new Extended();
  #mode: Mode = 'header';
  #left = 0;
  #members = 0;
  #block = Buffer.alloc(BLOCK);
  #filled = 0;
  #parts: Buffer[] = [];
  #type = '';
  #size = 0;
  /** Whether the body at hand goes to tar-stream. */
  #wanted = false;
  #sparse: Sparse | null = null;
  #extent = new Extent();
  #map = new BodyMap();
  #pieces: Buffer[] = [];

  /** @param take gets every member in order; says whether its content is wanted */
  constructor(take: (reading: ParsedHeader) => boolean) {
    this.#take = take;
  }

  /** Whether the bytes so far end with a member, or behind the last one. */
  get betweenMembers(): boolean {
    return (
      this.#mode === 'tail' || (this.#mode === 'header' && this.#filled === 0 && !this.#extended.pending)
    );
  }

  /** The pieces that tar-stream is to read: parts of the chunk, or buffers of their own. */
  push(chunk: Buffer): Buffer[] {
    this.#pieces = [];
    let at = 0;
    while (at < chunk.length && this.#mode !== 'stopped') {
      if (this.#mode === 'tail') {
        this.tail.push(chunk.subarray(at));
        break;
      }
      if (this.#mode === 'body' || this.#mode === 'extended') {
        const part = chunk.subarray(at, at + Math.min(this.#left, chunk.length - at));
        at += part.length;
        this.#left -= part.length;
        if (this.#mode === 'extended')
          this.#parts.push(Buffer.from(part)); // The records outlive the chunk.
        else if (this.#wanted) this.#pieces.push(part);
        if (this.#left === 0) this.#endOfBody(this.offset + at);
        continue;
      }
      const n = chunk.copy(this.#block, this.#filled, at, at + BLOCK - this.#filled);
      this.#filled += n;
      at += n;
      if (this.#filled < BLOCK) break;
      this.#filled = 0;
      this.#oneBlock(this.offset + at - BLOCK);
    }
    this.offset += chunk.length;
    return this.#pieces;
  }

  /** To be called when there are no more bytes. */
  end(): void {
    if (this.problem || this.#mode === 'tail' || this.#mode === 'stopped') return;
    if (this.offset === 0) this.#stop('empty', 'there are no bytes');
    else if (!this.betweenMembers)
      this.#stop(
        this.#members === 0 ? 'not-tar' : 'truncated',
        `the archive breaks off in the middle of a member, at byte ${this.offset}`,
      );
    else
      this.problem = {
        kind: 'no-end',
        text: `the archive ends at byte ${this.offset} without the zero blocks that close a tar`,
      };
  }

  #stop(kind: ProblemKind, text: string): void {
    this.problem = { kind, text };
    this.#mode = 'stopped';
  }

  #oneBlock(place: number): void {
    if (this.#mode === 'header') this.#header(place);
    else if (this.#mode === 'gnu-map') this.#gnuMap(place);
    else this.#paxMap(place);
  }

  #header(place: number): void {
    const block = this.#block;
    if (isZero(block)) {
      if (this.#extended.pending)
        this.#stop('broken-header', `an extended header before byte ${place} has no member`);
      else if (this.#members === 0) this.#stop('empty', 'the archive holds no member');
      else this.#mode = 'tail';
      return;
    }
    if (!checksumOk(block)) {
      if (place === 0)
        this.#stop('not-tar', 'the first block is not a tar header: this is not a tar archive');
      else this.#stop('broken-header', `the header at byte ${place} is damaged`);
      return;
    }
    const type = String.fromCharCode(block[156]!);
    if (EXTENDED_TYPES.includes(type)) this.#extendedHeader(type, place);
    else this.#member(place);
  }

  #extendedHeader(type: string, place: number): void {
    const size = number(this.#block, 124, 12);
    if (size === null || size > LARGEST_EXTENDED || (size === 0 && 'LK'.includes(type))) {
      this.#stop('broken-header', `the extended header at byte ${place} has ${size ?? 'no number of'} bytes`);
      return;
    }
    this.#type = type;
    this.#size = size;
    this.#parts = [];
    this.#mode = 'extended';
    this.#left = padded(size);
    if (size === 0) this.#endOfBody(place + BLOCK);
  }

  #member(place: number): void {
    const reading = readMember(this.#block, this.#extended.take(), place);
    if ('kind' in reading) {
      this.#stop(reading.kind, reading.text);
      return;
    }
    this.#members += 1;
    this.#sparse = reading.sparse;
    this.#wanted = this.#take(reading);
    this.#left = padded(reading.body);
    if (this.#wanted) this.#pieces.push(plainHeader(reading.body));
    const { sparse } = reading;
    if (sparse === null) this.#body();
    else if (sparse.segments === null) {
      this.#map = new BodyMap();
      this.#mode = 'pax-map';
      if (this.#left === 0) this.#badMap(place);
    } else {
      this.#extent = new Extent();
      if (!sparse.segments.every((segment) => this.#extent.add(segment))) this.#badMap(place);
      else if (reading.moreMap) this.#mode = 'gnu-map';
      else this.#fits(this.#extent, this.#left, place);
    }
  }

  #gnuMap(place: number): void {
    const map = gnuSegments(this.#block, 0, 21);
    const fits = (segment: Segment) => this.#extent.add(segment);
    if (!map?.segments.every(fits)) {
      this.#badMap(place);
      return;
    }
    // The inspector's share of this array is needed for wanted content only.
    if (this.#wanted) this.#sparse?.segments?.push(...map.segments);
    if (!(map.full && this.#block[504] !== 0)) this.#fits(this.#extent, this.#left, place);
  }

  /** The map is part of the body: what is kept of the file begins with it. */
  #paxMap(place: number): void {
    const over = this.#map.block(this.#block);
    if (this.#wanted) this.#pieces.push(Buffer.from(this.#block));
    this.#left -= BLOCK;
    if (over === true) this.#fits(this.#map.extent, this.#left, place);
    else if (over === null || this.#left === 0) this.#badMap(place);
  }

  /** Whether tar finds the data that a map speaks of, and makes a file of the length that was promised. */
  #fits(extent: Extent, left: number, place: number): void {
    if (extent.stored > left || extent.length !== this.#sparse!.size) this.#badMap(place);
    else this.#body();
  }

  #badMap(place: number): void {
    this.#stop('broken-header', `the sparse file near byte ${place} has a map that does not fit its data`);
  }

  #body(): void {
    this.#mode = this.#left > 0 ? 'body' : 'header';
  }

  #endOfBody(place: number): void {
    const mode = this.#mode;
    this.#mode = 'header';
    if (mode !== 'extended') return;
    const problem = this.#extended.add(this.#type, Buffer.concat(this.#parts).subarray(0, this.#size));
    this.#parts = [];
    if (problem) this.#stop(problem.kind, `${problem.text}, before byte ${place}`);
  }
}

/** The header of a file of so many bytes: all that tar-stream has to know. */
function plainHeader(size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write('content', 0, 'latin1');
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('        0', 148, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
