import { crc32 } from 'node:zlib';
import { type Entry, readEntry } from '../tar/entry.ts';

/** Bytes of tar in a block, which becomes a gzip member. */
export interface Sizes {
  /** No block ends by choice before it has so many. */
  least: number;
  /** Of all blocks, about; fewer where files are large. */
  mean: number;
  /** No block has more, but for the headers of one entry. */
  most: number;
}

/** The cost of other ones is in docs/benchmarks.md. */
export const SIZES: Sizes = { least: 256 << 10, mean: 1 << 20, most: 4 << 20 };

/** An entry with more headers than this is not of any tar that a root is packed in. */
const MOST_HEADERS = 2 << 20;

/** The bytes of a tar that must be seen before it is certain where a block ends. */
export const windowOf = ({ most }: Sizes) => most + 2 * MOST_HEADERS;

/**
 * Cuts a tar into blocks where entries begin, by their contents: files that have not changed give the same blocks wherever they stand,
 * once a block begins with one of them. An entry is chosen as a beginning by a hash of its name, the more probably
 * the larger it is, so that blocks of small and of large files have about the same size. A file that does not fit in a block begins one,
 * and is cut at fixed offsets of its content.
 */
export class Cutter {
  readonly #sizes: Sizes;
  /** Bytes of an entry that the next block begins with; Infinity after the end of the archive, or damage. */
  #body = 0;
  #globalSize: number | null = null;

  constructor(sizes: Sizes = SIZES) {
    this.#sizes = sizes;
  }

  /**
   * The length of the next block.
   * @param bytes begin where the block before ended; at least `windowOf` of them, or all there are
   * @param last whether the file ends with them
   * @returns null where more bytes are needed
   */
  next(bytes: Buffer, last: boolean): number | null {
    const { most } = this.#sizes;
    const all = last ? bytes.length : null;
    if (this.#body > most) return bytes.length > most ? this.#end(most, this.#body - most) : all;
    let at = this.#body;
    let globalSize = this.#globalSize;
    for (;;) {
      const entry = entryAt(bytes, at, globalSize);
      if (entry === 'cut off') return all;
      if (entry.kind !== 'entry') {
        // The rest is the end of the archive, or unknown; it stands alone only where it does not fit.
        if (bytes.length <= most) return all;
        if (at > 0) return this.#end(at, 0, globalSize);
        return this.#end(most, Number.POSITIVE_INFINITY);
      }
      const length = entry.end - at;
      const first = length > most ? entry.body - at + most : length;
      if (at > 0 && (at + first > most || this.#isChosen(bytes, at, length)))
        return this.#end(at, 0, globalSize);
      if (first < length)
        return bytes.length > first ? this.#end(first, entry.end - first, entry.globalSize) : all;
      at = entry.end;
      globalSize = entry.globalSize;
    }
  }

  #end(length: number, body: number, globalSize = this.#globalSize): number {
    this.#body = body;
    this.#globalSize = globalSize;
    return length;
  }

  /** By the two fields of a name: times and owners may differ between two builds. */
  #isChosen(bytes: Buffer, at: number, length: number): boolean {
    const { least, mean } = this.#sizes;
    if (at < least) return false;
    const hash = crc32(bytes.subarray(at + 345, at + 500), crc32(bytes.subarray(at, at + 100)));
    return hash < 2 ** 32 * (length / (mean - least));
  }
}

function entryAt(bytes: Buffer, start: number, globalSize: number | null): Entry | 'cut off' {
  const reading = readEntry(start, globalSize);
  let step = reading.next();
  while (!step.done) {
    const { at, length } = step.value;
    if (at - start > MOST_HEADERS) return { kind: 'damage', what: 'headers without an end', at: start };
    if (at + length > bytes.length) return 'cut off';
    step = reading.next(bytes.subarray(at, at + length));
  }
  return step.value;
}
