/** The last bytes of what a tool says; an array, since that is what zx puts them into. */
export class Tail extends Array<Buffer> {
  // The results of `map` and its like are ordinary arrays.
  static override get [Symbol.species]() {
    return Array;
  }
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override push(...chunks: Buffer[]): number {
    for (const chunk of chunks) {
      super.push(chunk);
      this.#bytes += chunk.length;
    }
    while (this.length > 0 && this.#bytes - this[0]!.length >= this.#most)
      this.#bytes -= this.shift()!.length;
    return this.length;
  }

  text(): string {
    const all = Buffer.concat(this);
    let from = Math.max(0, all.length - this.#most);
    // Not in the middle of a character.
    while (from > 0 && from < all.length && (all[from]! & 0xc0) === 0x80) from += 1;
    return all.toString('utf8', from);
  }
}
