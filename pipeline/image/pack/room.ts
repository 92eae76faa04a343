/** Memory that is given out in parts and all taken back at once: to find it anew for every part costs more than to fill it. */
export class Room {
  readonly #memory: Buffer;
  #used = 0;

  /** @param bytes that the parts usually have together; none of it is touched before it is given out */
  constructor(bytes: number) {
    // Shared with the threads that digest it.
    this.#memory = Buffer.from(new SharedArrayBuffer(bytes));
  }

  /** A part with any content; of its own where there is too little left. */
  take(bytes: number): Buffer {
    if (bytes > this.#memory.length - this.#used) return Buffer.allocUnsafeSlow(bytes);
    this.#used += bytes;
    return this.#memory.subarray(this.#used - bytes, this.#used);
  }

  /** Takes all parts back. */
  clear(): void {
    this.#used = 0;
  }
}
