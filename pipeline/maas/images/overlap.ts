import type { ChunkPut } from './chunk-put.ts';

export interface OverlapOptions {
  start: number;
  /** Bytes of the file. */
  size: number;
  /** Begins the chunk at an offset. */
  begin: (offset: number) => ChunkPut;
  /** Called when a chunk is the only one that may end. */
  turn: (chunk: ChunkPut) => void;
  /** Called when MAAS has a chunk. */
  taken: (chunk: ChunkPut) => void;
}

/** Sends the chunks of an upload in order, each while MAAS works on the one before. */
export class Overlap {
  #isOn = true;

  /** The first fault ends it, and what is under way behind it. @throws as `MaasClient.put` */
  async send({ start, size, begin, turn, taken }: OverlapOptions): Promise<void> {
    let next: ChunkPut | undefined;
    try {
      for (let offset = start; offset < size; ) {
        if (next?.failedEarly) next = this.#oneByOne();
        const overlapped = next !== undefined;
        const chunk: ChunkPut = next ?? begin(offset);
        next = undefined;
        turn(chunk);
        chunk.finish(overlapped);
        try {
          if (this.#isOn && chunk.end < size) {
            await chunk.left;
            next = begin(chunk.end);
          }
          await chunk.taken;
        } catch (error) {
          // The next try is alone, whatever it was.
          if (overlapped) this.#oneByOne();
          if (chunk.stuck) continue;
          throw error;
        }
        offset = chunk.end;
        taken(chunk);
      }
    } finally {
      await next?.abandon();
    }
  }

  /** Something on the way does not wait for the end of a body: from now on one after the other. */
  #oneByOne(): undefined {
    this.#isOn = false;
  }
}
