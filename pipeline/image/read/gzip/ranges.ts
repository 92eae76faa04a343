import type { FileHandle } from 'node:fs/promises';
import { findMember } from './header.ts';

export interface RangeLimits {
  /** Bytes that are read at a time. */
  chunk: number;
  /** A range has at least so many bytes, so that members of some bytes cost no more than others. */
  least: number;
  /** A range that is longer is not held. */
  most: number;
}

/** 17 MiB hold a member of 16 MiB of tar that does not pack, the largest that we write. */
export const LIMITS: RangeLimits = { chunk: 512 << 10, least: 256 << 10, most: 17 << 20 };

interface Chunk {
  buffer: Buffer;
  users: number;
}

/** A stretch of a gzip file from what looks like a header up to another: whole members, if both are headers. */
export interface Range {
  parts: Buffer[];
  bytes: number;
  chunks: Chunk[];
}

/** A gzip file in ranges. */
export class Ranges {
  readonly #file: FileHandle;
  readonly #onChunk: (chunk: Buffer) => void;
  readonly #free: Chunk[] = [];
  readonly limits: RangeLimits;

  /** @param onChunk sees every byte of the file, in order */
  constructor(file: FileHandle, onChunk: (chunk: Buffer) => void, limits = LIMITS) {
    this.#file = file;
    this.#onChunk = onChunk;
    this.limits = limits;
  }

  /** All ranges in order, as they are read; null, and nothing after it, where one is too long to be held. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Range | null> {
    const { chunk: length, least, most } = this.limits;
    let range: Range = { parts: [], bytes: 0, chunks: [] };
    for (;;) {
      const chunk = this.#free.pop() ?? { buffer: Buffer.allocUnsafeSlow(length), users: 0 };
      const { bytesRead } = await this.#file.read(chunk.buffer, 0, length, null);
      if (bytesRead === 0) break;
      // Its first range may be released before its last one is made.
      chunk.users = 1;
      const bytes = chunk.buffer.subarray(0, bytesRead);
      this.#onChunk(bytes);
      // A header on the border of two chunks is not found, which costs nothing but a longer range.
      for (let at = 0; at < bytesRead; ) {
        const next = findMember(bytes, at + Math.max(least - range.bytes, 0));
        const part = bytes.subarray(at, next === -1 ? bytesRead : next);
        if (part.length > 0) {
          range.parts.push(part);
          range.chunks.push(chunk);
          chunk.users += 1;
        }
        range.bytes += part.length;
        at += part.length;
        if (next === -1) break;
        yield range;
        range = { parts: [], bytes: 0, chunks: [] };
      }
      this.#leave(chunk);
      if (range.bytes > most) {
        yield null;
        return;
      }
    }
    if (range.bytes > 0) yield range;
  }

  /** Uses the memory of a range again. */
  release(range: Range): void {
    for (const chunk of range.chunks) this.#leave(chunk);
  }

  #leave(chunk: Chunk): void {
    chunk.users -= 1;
    if (chunk.users === 0) this.#free.push(chunk);
  }
}

/** A range up to the end of the next one: what stands between them was not a header. */
export function joined(a: Range, b: Range): Range {
  return {
    parts: [...a.parts, ...b.parts],
    bytes: a.bytes + b.bytes,
    chunks: [...a.chunks, ...b.chunks],
  };
}
