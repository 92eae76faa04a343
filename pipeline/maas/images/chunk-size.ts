const MIB = 1024 * 1024;

/**
 * Chunk sizes in bytes, the largest first: what passes the nginx that MAAS ships, what the maas command sends, what an
 * nginx left at its default lets through, and two for lines that hold no longer.
 */
export const CHUNK_SIZES: readonly number[] = [10 * MIB, 4 * MIB, MIB, MIB / 4, MIB / 16];

// So many chunks in a row must pass before a larger one is tried again.
const STEADY = 8;

/** The size of the next chunk: as large as the server takes, smaller while the line is slow or breaks. */
export class ChunkSize {
  readonly #sizes: readonly number[];
  /** The most that the server accepts. */
  #limit: number;
  #bytes: number;
  #passed = 0;

  /** @param learnt what the server took the last time */
  constructor(sizes: readonly number[], learnt: number | undefined) {
    this.#sizes = sizes;
    this.#limit = Math.min(sizes[0] as number, learnt ?? Number.POSITIVE_INFINITY);
    this.#bytes = this.#limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The server takes no such chunk, ever. @returns false when there is no smaller size */
  refused(): boolean {
    if (!this.lower()) return false;
    this.#limit = this.#bytes;
    return true;
  }

  /** The line does not carry such a chunk just now. @returns false when there is no smaller size */
  lower(): boolean {
    this.#passed = 0;
    const smaller = this.#sizes.find((size) => size < this.#bytes);
    if (smaller !== undefined) this.#bytes = smaller;
    return smaller !== undefined;
  }

  /** A chunk got through; after some, a larger one is tried. */
  passed(): void {
    this.#passed += 1;
    if (this.#passed < STEADY) return;
    this.#passed = 0;
    const larger = this.#sizes.findLast((size) => size > this.#bytes) ?? this.#limit;
    this.#bytes = Math.min(larger, this.#limit);
  }
}
