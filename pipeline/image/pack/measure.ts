import { type FileHandle, open } from 'node:fs/promises';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { type Entry, readEntry } from '../tar/entry.ts';
import { BLOCK, isZero } from '../tar/header.ts';

/** GNU tar's default record of 20 blocks: a file of whole records is what a plain `tar -cf` writes. */
const RECORD = 20 * BLOCK;
/** Headers stand close together in a tar of small files, so one read usually serves many. */
const WINDOW = 256 * 1024;

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
  let at = 0;
  let globalSize: number | null = null;
  for (let entries = 0; ; entries++) {
    const entry = await tar.entry(at, globalSize);
    if (entry.kind === 'damage') throw tar.invalid(entry.what, entry.at);
    if (entry.kind === 'zeros') {
      const end = entry.at + BLOCK;
      if (!isZero(await tar.bytes(end, BLOCK))) throw tar.invalid('a lone zero block', entry.at);
      if (entries === 0) throw tar.invalid('no member at all', entry.at);
      return { bytes: Math.ceil((end + BLOCK) / RECORD) * RECORD, entries };
    }
    at = entry.end;
    globalSize = entry.globalSize;
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

  async entry(at: number, globalSize: number | null): Promise<Entry> {
    const reading = readEntry(at, globalSize);
    let step = reading.next();
    while (!step.done) step = reading.next(await this.bytes(step.value.at, step.value.length));
    return step.value;
  }

  /** The bytes at an offset; valid until the next call. */
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

  invalid(what: string, at: number): Fault {
    return new Fault('TAR_INVALID', `${this.#path} is not a valid tar archive: ${what} at byte ${at}`);
  }
}
