import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** Hands chunks to a stream at the stream's own pace, and its failure to us. */
export class Feed {
  readonly #to: Writable;

  constructor(to: Writable) {
    this.#to = to;
    // The failure comes back by the write that it befalls.
    to.on('error', () => {});
  }

  /** Settled when the stream has taken the chunk. */
  async write(chunk: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#to.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }

  async end(): Promise<void> {
    this.#to.end();
    await finished(this.#to);
  }
}
