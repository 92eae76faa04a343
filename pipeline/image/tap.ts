import { BLOCK, checksumOk, isZero, number, text } from './header.ts';
import { parsePax, paxNumber } from './pax.ts';
import { gnuSegments, paxSparse, type Segment, type Sparse } from './sparse.ts';

/** Extended headers beyond this are no image's (Linux allows 64 KiB an attribute). */
const LARGEST_EXTENDED = 1 << 20;
const MOST_SPARSE_BLOCKS = 4096;

const TYPES_WITHOUT_BODY = '123456';
/** Records that must not come from a global header: readers differ in whether they apply them. */
const NEVER_GLOBAL = /^(path|linkpath|size|GNU\.sparse\..*|SCHILY\..*)$/;

/** What tar-stream loses of the next member. */
export interface Preamble {
  pax: ReadonlyMap<string, Buffer>;
  sparse: Sparse | null;
}

export type TapProblem = 'not-tar' | 'empty' | 'broken-header' | 'ambiguous' | 'truncated' | 'no-end';

const ZEROS = Buffer.alloc(64 << 10);
const NONE: ReadonlyMap<string, Buffer> = new Map();
const PLAIN: Preamble = { pax: NONE, sparse: null };

type Mode = 'header' | 'body' | 'extended' | 'sparse-map' | 'tail' | 'stopped';

/**
 * Walks the raw tar before tar-stream reads it: keeps PAX records as bytes, takes GNU's further sparse maps out (tar-stream takes
 * them for data), ends where tar ends, and refuses what two readers could understand in two ways.
 */
export class Tap {
  /** One for each member that tar-stream will announce, in order. */
  readonly preambles: Preamble[] = [];
  problem: { kind: TapProblem; text: string } | null = null;
  /** Bytes after the end of the archive that are not zero. */
  trailing = 0;
  offset = 0;

  #mode: Mode = 'header';
  #left = 0;
  #members = 0;
  #block = Buffer.alloc(BLOCK);
  #filled = 0;
  #extended: Buffer[] = [];
  #extendedType = '';
  #extendedSize = 0;
  #global: ReadonlyMap<string, Buffer> = NONE;
  #pax: ReadonlyMap<string, Buffer> | null = null;
  #longName: string | null = null;
  #segments: Segment[] = [];
  #sparseBlocks = 0;
  #sparseSize = 0;

  /** Whether the zero blocks that close a tar were read. */
  get ended(): boolean {
    return this.#mode === 'tail';
  }

  /** Whether all so far is whole members, so that tar-stream may be ended. */
  get atBoundary(): boolean {
    return this.#mode === 'tail' || (this.#mode === 'header' && this.#filled === 0 && this.#pax === null);
  }

  /** The parts of the chunk that tar-stream is to read. */
  push(chunk: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#mode === 'stopped') break;
      if (this.#mode === 'tail') {
        this.trailing += nonZero(chunk.subarray(at));
        at = from = chunk.length;
        break;
      }
      const rest = chunk.length - at;
      if (this.#mode === 'body' || this.#mode === 'extended') {
        const n = Math.min(this.#left, rest);
        if (this.#mode === 'extended') {
          // The records outlive the chunk, and tar-stream keeps half a header until the rest comes: both get copies.
          const copy = Buffer.from(chunk.subarray(at, at + n));
          this.#extended.push(copy);
          if (n < this.#left) {
            if (at > from) pieces.push(chunk.subarray(from, at));
            pieces.push(copy);
            from = at + n;
          }
        }
        at += n;
        this.#left -= n;
        if (this.#left === 0) this.#endOfBody();
        continue;
      }
      const start = at;
      const mode: Mode = this.#mode;
      const n = Math.min(BLOCK - this.#filled, rest);
      chunk.copy(this.#block, this.#filled, at, at + n);
      this.#filled += n;
      at += n;
      if (this.#filled < BLOCK) {
        // The rest of this block comes with the next chunk; only then is it clear whether it is passed on.
        if (start > from) pieces.push(chunk.subarray(from, start));
        from = at;
        break;
      }
      this.#filled = 0;
      if (mode === 'header') this.#header(this.offset + at - BLOCK);
      else this.#sparseMap();
      // tar-stream sees neither further sparse maps nor what ends the walk.
      const now = this.#mode as Mode;
      if (mode === 'sparse-map' || now === 'tail' || now === 'stopped') {
        if (start > from) pieces.push(chunk.subarray(from, start));
        from = at;
      } else if (n < BLOCK) {
        pieces.push(Buffer.from(this.#block));
        from = at;
      }
    }
    if (this.#mode !== 'stopped' && chunk.length > from) pieces.push(chunk.subarray(from));
    this.offset += chunk.length;
    return pieces;
  }

  /** To be called when there are no more bytes. */
  end(): void {
    if (this.problem || this.#mode === 'tail' || this.#mode === 'stopped') return;
    if (this.offset === 0) this.#stop('empty', 'there are no bytes');
    else if (!this.atBoundary)
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

  #stop(kind: TapProblem, text: string): void {
    this.problem = { kind, text };
    this.#mode = 'stopped';
  }

  #header(offset: number): void {
    const block = this.#block;
    if (isZero(block)) {
      if (this.#members === 0) this.#stop('empty', 'the archive holds no member');
      else if (this.#pax) this.#stop('broken-header', `an extended header at byte ${offset} has no member`);
      else this.#mode = 'tail';
      return;
    }
    const size = number(block, 124, 12);
    if (!checksumOk(block) || size === null) {
      if (this.#members === 0 && offset === 0)
        this.#stop('not-tar', 'the first block is no tar header: this is not a tar archive');
      else this.#stop('broken-header', `the header at byte ${offset} is damaged`);
      return;
    }
    const type = String.fromCharCode(block[156]!);
    if ('xgLKN'.includes(type)) this.#extendedHeader(type, size, offset);
    else this.#member(type, size, offset);
  }

  #extendedHeader(type: string, size: number, offset: number): void {
    if (size > LARGEST_EXTENDED || size === 0) {
      this.#stop('broken-header', `the extended header at byte ${offset} has ${size} bytes`);
      return;
    }
    this.#extendedType = type;
    this.#extendedSize = size;
    this.#extended = [];
    this.#mode = 'extended';
    this.#left = padded(size);
  }

  #member(type: string, headerSize: number, offset: number): void {
    const pax = this.#pax ?? this.#global;
    this.#pax = null;
    this.#members += 1;
    const paxSize = pax.has('size') ? paxNumber(pax, 'size') : headerSize;
    if (paxSize === null) {
      this.#stop('broken-header', `the member at byte ${offset} has a size that is no number`);
      return;
    }
    // Old tars write a directory as a file whose name ends in a slash.
    const name = pax.get('path')?.toString('latin1') ?? this.#longName ?? text(this.#block, 0, 100);
    this.#longName = null;
    const directory = (type === '0' || type === '\0') && name.endsWith('/');
    if (paxSize > 0 && (directory || TYPES_WITHOUT_BODY.includes(type))) {
      this.#stop(
        'ambiguous',
        `the member at byte ${offset} is of a type without content and has ${paxSize} bytes: tar programs differ in what follows`,
      );
      return;
    }
    this.#left = padded(paxSize);
    if (type === 'S') {
      this.#gnuSparse(pax, offset);
      return;
    }
    this.preambles.push(pax === NONE ? PLAIN : { pax, sparse: paxSparse(pax) });
    if (this.#left > 0) this.#mode = 'body';
    else this.#mode = 'header';
  }

  #gnuSparse(pax: ReadonlyMap<string, Buffer>, offset: number): void {
    const size = number(this.#block, 483, 12);
    const segments = gnuSegments(this.#block, 386, 4);
    if (size === null || segments === null) {
      this.#stop('broken-header', `the sparse file at byte ${offset} has a damaged map`);
      return;
    }
    this.#segments = segments;
    this.#sparseSize = size;
    this.#sparseBlocks = 0;
    this.preambles.push({ pax, sparse: { size, segments } });
    if (this.#block[482]) this.#mode = 'sparse-map';
    else this.#mode = this.#left > 0 ? 'body' : 'header';
  }

  #sparseMap(): void {
    const segments = gnuSegments(this.#block, 0, 21);
    this.#sparseBlocks += 1;
    if (segments === null || this.#sparseBlocks > MOST_SPARSE_BLOCKS) {
      this.#stop('broken-header', `a sparse file of ${this.#sparseSize} bytes has a damaged map`);
      return;
    }
    // The preamble already queued shares this array.
    this.#segments.push(...segments);
    if (this.#block[504] === 0) this.#mode = this.#left > 0 ? 'body' : 'header';
  }

  #endOfBody(): void {
    const mode = this.#mode;
    this.#mode = 'header';
    if (mode !== 'extended') return;
    const body = Buffer.concat(this.#extended).subarray(0, this.#extendedSize);
    this.#extended = [];
    // Long names (L, K) are tar-stream's own affair; they only must be followed by a member.
    if (this.#extendedType !== 'x' && this.#extendedType !== 'g') {
      if (this.#extendedType === 'L') this.#longName = text(body, 0, body.length);
      this.#pax ??= this.#global;
      return;
    }
    const records = parsePax(body);
    if (!records) {
      this.#stop('broken-header', `the PAX header before byte ${this.offset} is malformed`);
      return;
    }
    if (this.#extendedType === 'x') {
      this.#pax = this.#global.size ? new Map([...this.#global, ...records]) : records;
      return;
    }
    const odd = [...records.keys()].find((key) => NEVER_GLOBAL.test(key));
    if (odd) this.#stop('ambiguous', `a global PAX header sets "${odd}" for all members`);
    else this.#global = records;
  }
}

/** How many bytes are not zero. A raw disk has gigabytes of zeros behind its tar, so whole stretches are compared at once. */
function nonZero(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (!part.equals(ZEROS.subarray(0, part.length))) for (const byte of part) if (byte !== 0) count += 1;
  }
  return count;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
