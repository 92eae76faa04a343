import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Fault, fromSystemError } from '../errors/fault.ts';
import { interrupted } from '../errors/interrupted.ts';

// Read and hashed in pieces, so that the connection is served in between.
const PIECE = 1024 * 1024;
// Enough to keep the line busy between two chunks; a whole chunk more would only cost memory.
const AHEAD = 4 * PIECE;

/** A file with its size in bytes and its sum, and what ends the reading of it. */
export interface KnownFile {
  file: string;
  size: number;
  sha256: string;
  signal: AbortSignal;
}

interface Window {
  buffer: Buffer;
  offset: number;
  length: number;
}

/**
 * The file to send, read in chunks into one buffer that is used again and again, and a smaller one for what comes next. Every byte is hashed once on its way,
 * and the last chunk is only given out when the sum of all is the known one.
 */
export class LocalFile {
  /** Bytes. */
  readonly size: number;
  readonly #known: KnownFile;
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #hashedTo = 0;
  #verified = false;
  /** What was given out last. */
  readonly #chunk: Window = { buffer: Buffer.alloc(0), offset: 0, length: 0 };
  readonly #next: Window = { buffer: Buffer.alloc(0), offset: 0, length: 0 };
  /** The reading ahead under way. */
  #reading: Promise<void> = Promise.resolve();

  private constructor(handle: FileHandle, known: KnownFile) {
    this.#handle = handle;
    this.#known = known;
    this.size = known.size;
  }

  /** Bytes from the beginning that have been read and hashed. */
  get readTo(): number {
    return this.#hashedTo;
  }

  /** @throws Fault UPLOAD_CHANGED when the file does not have the size that goes with the sum */
  static async open(known: KnownFile): Promise<LocalFile> {
    const { file: path, size } = known;
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'r');
      const now = (await handle.stat()).size;
      if (now !== size) throw changed(path, `it has ${now} bytes now, not ${size}`);
      return new LocalFile(handle, known);
    } catch (error) {
      await handle?.close();
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        throw new Fault('UPLOAD_MISSING', `There is no file ${path}`, {
          hint: 'Build or pack the image first.',
        });
      throw fromSystemError(error, `opening ${path}`);
    }
  }

  /**
   * The bytes from `offset` on. They stay as they are until the next call.
   * @throws Fault UPLOAD_CHANGED before the last chunk is given out
   */
  async chunk(offset: number, length: number): Promise<Buffer> {
    await this.#reading.catch(() => {});
    if (!covers(this.#chunk, offset, length)) await this.#load(offset, length);
    if (offset + length === this.size) this.#verify();
    const from = offset - this.#chunk.offset;
    return this.#chunk.buffer.subarray(from, from + length);
  }

  /** Starts to read what will be asked for next, while the chunk before it is on its way. */
  ahead(offset: number, length: number): void {
    const some = Math.min(length, AHEAD);
    if (some <= 0 || covers(this.#chunk, offset, some)) return;
    this.#reading = this.#fill(this.#next, offset, some, 0);
    // Whoever asks for the chunk meets the fault; until then it must not end the process.
    this.#reading.catch(() => {});
  }

  /** The whole file from its beginning, in pieces of their own; the last one comes only when the sum is right. */
  async *stream(): AsyncGenerator<Buffer> {
    for (let at = 0; at < this.size; at += PIECE) {
      const piece = Buffer.allocUnsafeSlow(Math.min(PIECE, this.size - at));
      await this.#read(piece, at);
      if (at + piece.length === this.size) this.#verify();
      yield piece;
    }
  }

  async close(): Promise<void> {
    await this.#reading.catch(() => {});
    await this.#handle.close();
  }

  async #load(offset: number, length: number): Promise<void> {
    const next = this.#next;
    const here = covers(next, offset, 1) ? Math.min(length, next.offset + next.length - offset) : 0;
    reserve(this.#chunk, length);
    const from = offset - next.offset;
    if (here > 0) next.buffer.copy(this.#chunk.buffer, 0, from, from + here);
    await this.#fill(this.#chunk, offset, length, here);
  }

  /** Fills a window whose first `here` bytes are there already. */
  async #fill(window: Window, offset: number, length: number, here: number): Promise<void> {
    reserve(window, length);
    if (here === 0) await this.#hashUpTo(offset, window.buffer);
    await this.#read(window.buffer.subarray(here, length), offset + here);
    window.offset = offset;
    window.length = length;
  }

  /** Hashes what MAAS has already and nobody asks for: the part before a resumed upload. */
  async #hashUpTo(offset: number, scratch: Buffer): Promise<void> {
    while (this.#hashedTo < offset)
      await this.#read(scratch.subarray(0, Math.min(PIECE, offset - this.#hashedTo)), this.#hashedTo);
  }

  async #read(target: Buffer, offset: number): Promise<void> {
    for (let filled = 0; filled < target.length; ) {
      if (this.#known.signal.aborted) throw interrupted(this.#known.signal);
      const wanted = Math.min(PIECE, target.length - filled);
      const { bytesRead } = await this.#handle.read(target, filled, wanted, offset + filled);
      if (bytesRead === 0) throw changed(this.#known.file, 'it has become shorter');
      const from = offset + filled;
      // What was hashed before is not hashed again when it is sent again.
      const fresh = Math.max(0, this.#hashedTo - from);
      if (fresh < bytesRead && from <= this.#hashedTo) {
        this.#hash.update(target.subarray(filled + fresh, filled + bytesRead));
        this.#hashedTo = from + bytesRead;
      }
      filled += bytesRead;
    }
  }

  #verify(): void {
    if (this.#verified) return;
    const now = this.#hash.copy().digest('hex');
    if (now !== this.#known.sha256)
      throw changed(this.#known.file, `its sha256 sum is ${now} now, not ${this.#known.sha256}`);
    this.#verified = true;
  }
}

function changed(path: string, how: string): Fault {
  return new Fault('UPLOAD_CHANGED', `${path} is not the file it was: ${how}`, {
    hint: 'Make sure that nothing writes to the file, pack or validate it again, and upload it then.',
  });
}

function covers(window: Window, offset: number, length: number): boolean {
  return window.offset <= offset && offset + length <= window.offset + window.length;
}

/** Makes the window large enough, and empty. */
function reserve(window: Window, length: number): void {
  window.length = 0;
  if (window.buffer.length < length) window.buffer = Buffer.allocUnsafeSlow(length);
}
