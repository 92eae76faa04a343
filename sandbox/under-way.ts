/** Bytes of chunks whose requests have begun and are not done, for each file. */
export class UnderWay<F extends object> {
  readonly #bytes = new WeakMap<F, number>();

  of(file: F): number {
    return this.#bytes.get(file) ?? 0;
  }

  /** @returns what ends it; more than once is once */
  begin(file: F, bytes: number): () => void {
    this.#bytes.set(file, this.of(file) + bytes);
    let left = bytes;
    return () => {
      this.#bytes.set(file, this.of(file) - left);
      left = 0;
    };
  }
}
