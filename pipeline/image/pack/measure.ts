import { type FileHandle, open } from 'node:fs/promises';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { BLOCK, checksumOk, isZero, number } from '../tar/header.ts';
import { parsePax, paxNumber } from '../tar/pax.ts';

/** GNU tar's default record of 20 blocks: a file of whole records is what a plain `tar -cf` writes. */
const RECORD = 20 * BLOCK;
/** Headers stand close together in a tar of small files, so one read usually serves many. */
const WINDOW = 256 * 1024;
/** Linux allows 64 KiB an attribute; an extended header beyond this is damage. */
const LARGEST_EXTENDED = 1 << 20;

/**
 * Finds where a tar ends in a file that goes on after it (a disk that a tar was written to), by its headers alone:
 * bodies are skipped, so holes cost nothing.
 * It distinguishes a whole archive from one that was cut off by the file's end. A writer that died in between and left zeros
 * behind looks like an end: only the writer's exit code shows that.
 * @returns bytes: the archive with its two closing zero blocks, rounded up to whole records of 10,240 bytes;
 *   entries: members, extended headers not counted
 * @throws Fault TAR_TRUNCATED when the file ends first; TAR_INVALID for what is not a tar; both say at which byte
 */
export async function measureTar(
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<{ bytes: number; entries: number }> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    return await walk(new Blocks(file, path, (await file.stat()).size, options.signal));
  } catch (error) {
    throw fromSystemError(error, `reading ${path}`);
  } finally {
    await file?.close();
  }
}

async function walk(tar: Blocks): Promise<{ bytes: number; entries: number }> {
  let entries = 0;
  let at = 0;
  // Set by a PAX header for the next member; a global header's is kept.
  let nextSize: number | null = null;
  let globalSize: number | null = null;
  for (;;) {
    const header = await tar.block(at);
    if (isZero(header)) {
      if (!isZero(await tar.block(at + BLOCK))) throw tar.invalid('a lone zero block', at);
      if (entries === 0) throw tar.invalid('no member at all', at);
      return { bytes: Math.ceil((at + 2 * BLOCK) / RECORD) * RECORD, entries };
    }
    const size = number(header, 124, 12);
    if (size === null || !checksumOk(header)) throw tar.invalid('a damaged header', at);
    const type = String.fromCharCode(header[156]!);
    at += BLOCK;
    if (type === 'x' || type === 'g') {
      const records = size <= LARGEST_EXTENDED ? parsePax(await tar.bytes(at, size)) : null;
      if (!records) throw tar.invalid('a damaged PAX header', at - BLOCK);
      const stated = paxNumber(records, 'size');
      if (type === 'g') globalSize = stated;
      else nextSize = stated;
      at += padded(size);
      continue;
    }
    if (type === 'L' || type === 'K') {
      at += padded(size);
      continue;
    }
    if (type === 'S') at = await tar.afterSparseMap(header, at);
    // A hard link has no body, whatever its size field says (GNU tar reads it so).
    at += type === '1' ? 0 : padded(nextSize ?? globalSize ?? size);
    nextSize = null;
    entries++;
  }
}

/** Positioned reads of a tar through a window. */
class Blocks {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #size: number;
  readonly #signal: AbortSignal | undefined;
  readonly #window = Buffer.alloc(WINDOW);
  #start = 0;
  #filled = 0;

  constructor(file: FileHandle, path: string, size: number, signal: AbortSignal | undefined) {
    this.#file = file;
    this.#path = path;
    this.#size = size;
    this.#signal = signal;
  }

  /** The block at an offset; valid until the next call. */
  async block(at: number): Promise<Buffer> {
    return await this.bytes(at, BLOCK);
  }

  async bytes(at: number, length: number): Promise<Buffer> {
    if (at + length > this.#size)
      throw new Fault(
        'TAR_TRUNCATED',
        `${this.#path} is cut off: the archive goes on after its ${this.#size} bytes`,
        {
          detail: `Needed at byte ${at}: ${length} bytes.`,
        },
      );
    if (length > WINDOW) return await this.#read(Buffer.alloc(length), at);
    if (at < this.#start || at + length > this.#start + this.#filled) {
      if (this.#signal?.aborted) throw interrupted(this.#signal);
      this.#filled = (await this.#read(this.#window, at)).length;
      this.#start = at;
    }
    return this.#window.subarray(at - this.#start, at - this.#start + length);
  }

  async #read(into: Buffer, at: number): Promise<Buffer> {
    let filled = 0;
    while (filled < into.length) {
      const { bytesRead } = await this.#file.read(into, filled, into.length - filled, at + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return into.subarray(0, filled);
  }

  /** GNU's old sparse format continues its map in blocks between header and body, as long as each says so. */
  async afterSparseMap(header: Buffer, at: number): Promise<number> {
    let more = header[482] !== 0;
    let next = at;
    while (more) {
      more = (await this.block(next))[504] !== 0;
      next += BLOCK;
    }
    return next;
  }

  invalid(what: string, at: number): Fault {
    return new Fault('TAR_INVALID', `${this.#path} is not a valid tar archive: ${what} at byte ${at}`);
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
