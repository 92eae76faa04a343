import { Worker } from 'node:worker_threads';

/** Of the thread. A text: a file of its own would be another one for sources, compiled files and the bundle. */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { crc32 } = require('node:zlib');
const { parentPort } = require('node:worker_threads');
const whole = createHash('sha256');
const answers = {
  block: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  crc: (bytes, seed) => crc32(bytes, seed),
  part: (bytes) => void whole.update(bytes),
  whole: () => whole.digest('hex'),
};
parentPort.on('message', ([what, ...given]) => parentPort.postMessage(answers[what](...given)));`;

interface Waiting {
  // biome-ignore lint/suspicious/noExplicitAny: as the question has it
  resolve: (answer: any) => void;
  reject: (error: Error) => void;
}

/**
 * Digests on a thread of its own, so that the one that reads and inspects the tar does not wait for them; in the order in which they are
 * begun. Bytes in shared memory are not copied, and stay unchanged until then. SHA-256 is the fastest of the collision-resistant
 * digests of Node where the processor has instructions for it.
 */
export class DigestThread {
  readonly #thread = new Worker(PROGRAM, { eval: true });
  /** In the order of the answers. */
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  constructor() {
    this.#thread.on('message', (answer) => this.#waiting.shift()?.resolve(answer));
    this.#thread.on('error', (error: Error) => this.#fail(error));
    this.#thread.on('exit', () => this.#fail(new Error('The thread of digests has ended')));
  }

  /** SHA-256 in hex. */
  of(block: Buffer): Promise<string> {
    return this.#ask('block', block);
  }

  /** CRC-32 that goes on from another one. */
  crc(bytes: Buffer, seed: number): Promise<number> {
    return this.#ask('crc', bytes, seed);
  }

  /** Adds bytes to those of `digest`. */
  add(part: Buffer): Promise<void> {
    return this.#ask('part', part);
  }

  /** SHA-256, in hex, of all that was added; once. */
  digest(): Promise<string> {
    return this.#ask('whole');
  }

  /** Ends the thread; digests that are waited for fail. */
  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #ask<T>(...message: [what: string, ...given: unknown[]]): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#waiting.push({ resolve, reject });
      this.#thread.postMessage(message);
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
