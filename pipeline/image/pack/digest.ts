import { Worker } from 'node:worker_threads';

/** Of the thread. A text: a file of its own would be another one for sources, compiled files and the bundle. */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
parentPort.on('message', (bytes) => {
  parentPort.postMessage(createHash('sha256').update(bytes).digest('hex'));
});`;

interface Waiting {
  resolve: (sha256: string) => void;
  reject: (error: Error) => void;
}

/**
 * Digests blocks on a thread of its own, so that the one that reads and inspects the tar does not wait for them. SHA-256 is the fastest of the
 * collision-resistant digests of Node where the processor has instructions for it.
 */
export class BlockDigests {
  readonly #thread = new Worker(PROGRAM, { eval: true });
  /** In the order of the blocks, which is that of the answers. */
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  constructor() {
    this.#thread.on('message', (sha256: string) => this.#waiting.shift()?.resolve(sha256));
    this.#thread.on('error', (error: Error) => this.#fail(error));
    this.#thread.on('exit', () => this.#fail(new Error('The thread of digests has ended')));
  }

  /** SHA-256 in hex. @param block in shared memory, which is not copied; unchanged until then */
  of(block: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#waiting.push({ resolve, reject });
      this.#thread.postMessage(block);
    });
  }

  /** Ends the thread; digests that are waited for fail. */
  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
