import { CHUNK_SIZES } from './chunk-size.ts';

/** Times and sizes of an upload. Users never set them; tests shrink them. */
export interface Tuning {
  /** Bytes, the largest first. */
  chunkSizes: readonly number[];
  /** Milliseconds before the first retry. */
  backOffMs: number;
  /** Milliseconds in which some byte must leave. */
  stallMs: number;
  /** Milliseconds from a request's last byte to its answer. */
  answerMs: number;
  /** Milliseconds that a chunk should take at most: MAAS refuses what was signed five minutes ago. */
  slowChunkMs: number;
}

export const TUNING: Tuning = {
  chunkSizes: CHUNK_SIZES,
  backOffMs: 500,
  stallMs: 60_000,
  answerMs: 120_000,
  slowChunkMs: 60_000,
};

// MAAS reads the whole file once more before it answers the last chunk: 300 MB/s measured, so this is slow storage.
const SLOWEST_CHECK = 20 * 1024 * 1024;

/** Milliseconds to wait for the answer to the last chunk. */
export function lastAnswerMs(tuning: Tuning, size: number): number {
  return tuning.answerMs + (1000 * size) / SLOWEST_CHECK;
}
