import type { StallLimit } from './stall.ts';

// Small enough to follow the pace of a slow line, large enough to cost nothing on a fast one.
const SLICE = 512 * 1024;

/** A body of known length: streamed with Content-Length, since MAAS takes no chunked encoding. */
export interface Content {
  type: string;
  /** Bytes. */
  length: number;
  /** Each iteration must begin anew: a request that was turned away for its time is sent again. */
  bytes: Buffer | AsyncIterable<Buffer>;
  /** Called with the bytes that have been handed to the connection so far. */
  onSent?: (bytes: number) => void;
  /** Called when the system has all of them, so that their memory may be used again. */
  onLeft?: () => void;
}

/** Content on its way into a request. */
export class Sending {
  /** The bytes in slices, at the pace at which they are taken. */
  readonly slices: AsyncGenerator<Buffer>;
  /** Every byte has been handed to the connection. */
  done = false;
  /** To be called when the system has every byte. */
  readonly left: () => void;
  /** The error of the content itself (a changed file); it would come back as a broken connection. */
  problem: unknown;

  constructor(
    content: Content,
    limit: StallLimit,
    { stallMs, answerMs }: { stallMs: number; answerMs: number },
  ) {
    this.left = () => content.onLeft?.();
    this.slices = this.#paced(content, limit, stallMs, answerMs);
  }

  async *#paced(
    content: Content,
    limit: StallLimit,
    stallMs: number,
    answerMs: number,
  ): AsyncGenerator<Buffer> {
    let sent = 0;
    try {
      for await (const slice of slices(content.bytes)) {
        limit.expect(stallMs, 'nothing could be sent');
        yield slice;
        // The next one is ours to find.
        limit.rest();
        sent += slice.length;
        content.onSent?.(sent);
      }
    } catch (error) {
      this.problem = error;
      throw error;
    }
    this.done = true;
    limit.expect(answerMs, 'no answer came');
  }
}

async function* slices(bytes: Buffer | AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const part of Buffer.isBuffer(bytes) ? [bytes] : bytes)
    for (let at = 0; at < part.length; at += SLICE) yield part.subarray(at, at + SLICE);
}
