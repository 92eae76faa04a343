import { availableParallelism } from 'node:os';
import { createGunzip, type Gunzip } from 'node:zlib';
import { giveBack } from '../../tar/decompress.ts';
import { joined, type Range, type Ranges } from './ranges.ts';

/** The file is not a chain of whole members that can be held: reading it in sequence finds the reason. */
export class NotInRanges extends Error {}

/** Bytes that come out at a time. */
const CHUNK = 512 << 10;
/** Bytes of tar that wait for their turn, of one range and of all: with them a process stays below 150 MB. */
const MOST_READY = 17 << 20;
const MOST_READY_OF_ALL = 18 << 20;
/** Packed bytes that are held, those at work included. */
const MOST_PACKED = 12 << 20;
/** Ranges at work at once; libuv's pool has four threads. */
const MOST_AT_WORK = Math.min(availableParallelism() + 1, 8);

interface Job {
  range: Range;
  gunzip: Gunzip;
  /** Bytes of tar that may wait in it. */
  ready: number;
}

/**
 * Inflates the ranges of a gzip file, several at once on the threads of libuv's pool, and hands out the bytes in order.
 * Every range is inflated to its end by the decoder that reads in sequence, so sums and lengths are compared.
 */
export class Inflater {
  /** Packed bytes of the ranges that are through. */
  done = 0;
  readonly #ranges: Ranges;
  readonly #source: AsyncIterator<Range | null>;
  /** Those at work, the one whose turn it is first. */
  readonly #jobs: Job[] = [];
  #filling: Promise<void> | undefined;
  #over = false;
  #failure: Error | undefined;
  /** Packed bytes that were inflated in vain. */
  #wasted = 0;

  constructor(ranges: Ranges) {
    this.#ranges = ranges;
    this.#source = ranges[Symbol.asyncIterator]();
  }

  /**
   * Gives every chunk to the sink, one after the other; a chunk is good until the sink has settled.
   * @throws NotInRanges, at any time; what the sink throws; errors of the file
   */
  async run(sink: (chunk: Buffer) => Promise<void>): Promise<void> {
    for (let job = await this.#head(); job; job = await this.#head()) {
      this.#fill();
      await this.#finish(job, sink);
      const { range } = this.#jobs.shift()!;
      this.done += range.bytes;
      this.#ranges.release(range);
    }
  }

  /** Ends what is at work. */
  destroy(): void {
    this.#over = true;
    for (const { gunzip } of this.#jobs) gunzip.destroy();
  }

  /** Hands out a range, and those behind it that turn out to be part of it. */
  async #finish(first: Job, sink: (chunk: Buffer) => Promise<void>): Promise<void> {
    let given = 0;
    for (let job = first; ; job = await this.#longer(job)) {
      let at = 0;
      const skipped = given;
      const consumed = await drained(job.gunzip, async (chunk) => {
        if (this.#failure) throw this.#failure;
        const part = at < skipped ? chunk.subarray(skipped - at) : chunk;
        at += chunk.length;
        if (part.length === 0) return;
        given += part.length;
        await sink(part);
      });
      if (consumed === job.range.bytes) return;
      if (consumed === null) continue;
      // Zeros may follow the last member, and nothing else.
      if (!zerosFrom(job.range, consumed) || (await this.#second())) throw new NotInRanges();
      return;
    }
  }

  async #head(): Promise<Job | undefined> {
    while (this.#jobs.length === 0 && !this.#over) await this.#fill();
    if (this.#failure) throw this.#failure;
    return this.#jobs[0];
  }

  /** The job behind the first one. */
  async #second(): Promise<Job | undefined> {
    await this.#filling;
    if (this.#jobs.length === 1 && !this.#over) await this.#start();
    if (this.#failure) throw this.#failure;
    return this.#jobs[1];
  }

  /** In place of the first job, which is cut off: one that is twice as long, or as long as there are bytes. */
  async #longer({ range: short }: Job): Promise<Job> {
    const { most } = this.#ranges.limits;
    let range = short;
    while (range.bytes < 2 * short.bytes) {
      const next = await this.#second();
      if (!next) break;
      next.gunzip.destroy();
      this.#jobs.splice(1, 1);
      range = joined(range, next.range);
    }
    this.#wasted += short.bytes;
    if (range === short || range.bytes > most || this.#wasted > this.done / 2 + 4 * most)
      throw new NotInRanges();
    const job = begun(range);
    this.#jobs[0] = job;
    return job;
  }

  #fill(): Promise<void> {
    this.#filling ??= this.#startAll().finally(() => {
      this.#filling = undefined;
    });
    return this.#filling;
  }

  async #startAll(): Promise<void> {
    while (!this.#over && this.#hasRoom()) await this.#start();
  }

  #hasRoom(): boolean {
    if (this.#jobs.length >= MOST_AT_WORK) return false;
    let [ready, packed] = [0, 0];
    for (const job of this.#jobs) {
      ready += job.ready;
      packed += job.range.bytes;
    }
    return ready < MOST_READY_OF_ALL && packed < MOST_PACKED;
  }

  async #start(): Promise<void> {
    try {
      const { done, value } = await this.#source.next();
      if (value === null) throw new NotInRanges();
      if (this.#over) return;
      if (done) this.#over = true;
      else this.#jobs.push(begun(value));
    } catch (error) {
      this.#over = true;
      this.#failure = error as Error;
    }
  }
}

function begun(range: Range): Job {
  // A member ends with its length: how much is to be expected, not how much there is.
  const said = range.bytes < 4 ? 0 : lastWord(range);
  const ready = Math.min(Math.max(said, CHUNK), MOST_READY);
  // By the chunk: a stream of bytes would put all that waits together in one more buffer. A chunk is at most cut once for each part.
  const most = Math.ceil(ready / CHUNK) + range.parts.length;
  // Parts of the same size, with a byte to spare: zlib takes memory for one more when the last is full.
  const chunkSize = Math.max(Math.ceil((said + 1) / Math.ceil((said + 1) / CHUNK)), CHUNK / 2);
  const gunzip = createGunzip({
    chunkSize,
    readableObjectMode: true,
    readableHighWaterMark: most,
  } as never);
  // Met by whoever reads it.
  gunzip.on('error', () => {});
  for (const part of range.parts) gunzip.write(part);
  gunzip.end();
  return { range, gunzip, ready };
}

function lastWord({ parts }: Range): number {
  const last = parts.at(-1)!;
  return last.length < 4 ? 0 : last.readUInt32LE(last.length - 4);
}

/** @returns packed bytes up to the end of the last member; null when it is cut off */
async function drained(gunzip: Gunzip, sink: (chunk: Buffer) => Promise<void>): Promise<number | null> {
  try {
    let last: Buffer | undefined;
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      await sink(chunk);
      giveBack(chunk);
      last = chunk;
    }
    // Nothing more is written behind it.
    if (last) giveBack(last, true);
  } catch (error) {
    if (error !== gunzip.errored) throw error;
    if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') return null;
    throw new NotInRanges();
  }
  return gunzip.bytesWritten;
}

/** Whether a range has only zeros from a place on. */
function zerosFrom({ parts }: Range, from: number): boolean {
  let at = 0;
  for (const part of parts) {
    for (let i = Math.max(from - at, 0); i < part.length; i++) if (part[i] !== 0) return false;
    at += part.length;
  }
  return true;
}
