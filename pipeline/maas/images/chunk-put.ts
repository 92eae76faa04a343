import type { MaasClient } from '../api/client.ts';
import type { LocalFile } from './local-file.ts';

/** Milliseconds without a piece that leaves, where a server takes one connection at a time; a line of 170 kB/s is faster. */
const STUCK_MS = 3000;

/** A chunk of a file, and where it goes. */
export interface Chunk {
  /** Of the upload. */
  path: string;
  file: LocalFile;
  offset: number;
  /** Bytes. */
  length: number;
  /** Milliseconds to wait for the answer after the last byte; undefined: as usual. */
  answerMs: number | undefined;
  /** Called with the bytes of it that have left so far. */
  onSent: (bytes: number) => void;
}

/**
 * A chunk on its way on a connection of its own, but for its last piece: a server begins with a body when it has it whole (seen with
 * nginx 1.22 and WSGI of Twisted 22.4, by a PUT whose last bytes came 2.5 s late), so that this much can be done while MAAS still works on the chunk before. `finish` sends the rest.
 */
export class ChunkPut {
  readonly offset: number;
  readonly end: number;
  /** When it was begun, of `performance.now()`. */
  readonly began = performance.now();
  /** All bytes have left, so that the file's buffers are free; or the answer is there, or the fault. */
  readonly left: Promise<void>;
  /** MAAS has taken it. @throws as `MaasClient.put` */
  readonly taken: Promise<void>;
  /** Whether it failed before `finish`. */
  failedEarly = false;
  /** Whether it was ended because its bytes did not leave. */
  stuck = false;
  #stuckAfter: NodeJS.Timeout | undefined;
  readonly #cut = new AbortController();
  #isFinished = false;
  #go = () => {};
  readonly #mayGo = new Promise<void>((resolve) => {
    this.#go = resolve;
  });

  constructor(client: MaasClient, { path, file, offset, length, answerMs, onSent }: Chunk) {
    this.offset = offset;
    this.end = offset + length;
    let left = () => {};
    const allLeft = new Promise<void>((resolve) => {
      left = resolve;
    });
    const bytes = { [Symbol.asyncIterator]: () => this.#held(file.chunk(offset, length)) };
    const body = { type: 'application/octet-stream', length, bytes, onSent, onLeft: left };
    this.taken = client.put(path, body, { answerMs, signal: this.#cut.signal });
    this.left = Promise.race([allLeft, this.taken]);
    // Awaited in its turn; until then a failure is not an unhandled one.
    this.taken.catch(() => {
      this.failedEarly = !this.#isFinished;
    });
    this.left.catch(() => {});
  }

  async *#held(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let at = this.offset;
    for await (const piece of bytes) {
      at += piece.length;
      if (at === this.end) await this.#mayGo;
      this.#cut.signal.throwIfAborted();
      yield piece;
      this.#stuckAfter?.refresh();
    }
  }

  /** Lets the last piece go. @param overlapped whether it was begun behind another one, so that it may be stuck */
  finish(overlapped = false): void {
    this.#isFinished = true;
    this.#go();
    if (!overlapped) return;
    const end = () => {
      this.stuck = true;
      this.#cut.abort();
    };
    this.#stuckAfter = setTimeout(end, STUCK_MS);
    const settled = () => clearTimeout(this.#stuckAfter);
    this.left.then(settled, settled);
  }

  /** Ends it, and waits until nothing reads the file any more. */
  async abandon(): Promise<void> {
    this.#cut.abort();
    this.finish();
    await this.taken.catch(() => {});
  }
}
