import { createHash, type Hash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { identityOf } from '../../host/files/identity.ts';
import { openRegular } from '../../host/files/regular.ts';

// Read, hashed and handed to the connection one after the other, without a thread: to wake one for each takes more time than the reading.
// Meanwhile the system's own buffers go on, those that it reads ahead into and those of the connection.
const PIECE = 512 * 1024;
// One that is being filled, and the one before, which the connection may not have let go of yet.
const BUFFERS = 2;

/** A file with its size in bytes and its sum, and what ends the reading of it. */
export interface KnownFile {
  file: string;
  size: number;
  sha256: string;
  /** `identityOf` the file before its sum was made of its bytes; while it is the same, they are not hashed again. */
  identity?: string | undefined;
  signal: AbortSignal;
}

/**
 * The file to send, read in pieces into two buffers that take turns: memory is the same for any size.
 * The last chunk is only given out when the sum of all is the known one: every byte is hashed once, but of a file that is still the one
 * whose sum was made in this run.
 */
export class LocalFile {
  /** Bytes. */
  readonly size: number;
  readonly #known: KnownFile;
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #hashedTo = 0;
  readonly #buffers: Buffer[] = [];
  #turn = 0;
  /** Undefined when the bytes have to be hashed. */
  #identity: string | undefined;
  #verified = false;

  private constructor(handle: FileHandle, known: KnownFile) {
    this.#handle = handle;
    this.#known = known;
    this.size = known.size;
    this.#identity = known.identity;
  }

  /** Bytes from the beginning that need not be read for the sum any more. */
  get readTo(): number {
    return this.#identity === undefined ? this.#hashedTo : this.size;
  }

  /** @throws Fault UPLOAD_CHANGED when the file does not have the size that goes with the sum */
  static async open(known: KnownFile): Promise<LocalFile> {
    const { file: path, size } = known;
    let handle: FileHandle | undefined;
    try {
      handle = await openRegular(path);
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
   * The bytes from `offset` on, in pieces; each stays as it is until the next but one is asked for. It can be iterated again.
   * @throws Fault UPLOAD_CHANGED before the first byte of the last chunk is given out
   */
  chunk(offset: number, length: number): AsyncIterable<Buffer> {
    const end = offset + length;
    return {
      [Symbol.asyncIterator]: () => this.#pieces(offset, end, end === this.size ? this.size : offset),
    };
  }

  async *#pieces(from: number, to: number, hashedBefore: number): AsyncGenerator<Buffer> {
    if (hashedBefore === this.size) await this.#verify();
    else if (this.#identity === undefined) await this.#hashUpTo(hashedBefore);
    for (let at = from; at < to; ) {
      const bytes = this.#buffer().subarray(0, to - at);
      await this.#read(bytes, at);
      at += bytes.length;
      if (at === this.size) await this.#verify();
      yield bytes;
    }
  }

  /** The whole file from its beginning; the last piece comes only when the sum is right. */
  stream(): AsyncIterable<Buffer> {
    return { [Symbol.asyncIterator]: () => this.#pieces(0, this.size, 0) };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #buffer(): Buffer {
    this.#turn = (this.#turn + 1) % BUFFERS;
    this.#buffers[this.#turn] ??= Buffer.allocUnsafeSlow(PIECE);
    return this.#buffers[this.#turn] as Buffer;
  }

  /** Hashes what is not given out now: before a resumed upload, and before the last chunk. */
  async #hashUpTo(offset: number): Promise<void> {
    const scratch = Buffer.allocUnsafe(Math.min(PIECE, Math.max(0, offset - this.#hashedTo)));
    while (this.#hashedTo < offset)
      await this.#read(scratch.subarray(0, offset - this.#hashedTo), this.#hashedTo);
  }

  async #read(target: Buffer, offset: number): Promise<void> {
    // A line that is faster than the disk never makes us wait, and signals, answers and time limits want to be seen.
    await new Promise(setImmediate);
    for (let filled = 0; filled < target.length; ) {
      if (this.#known.signal.aborted) throw interrupted(this.#known.signal);
      const wanted = Math.min(PIECE, target.length - filled);
      const bytesRead = readSync(this.#handle.fd, target, filled, wanted, offset + filled);
      if (bytesRead === 0) throw changed(this.#known.file, 'it became shorter');
      const from = offset + filled;
      // Bytes that were hashed are not hashed again when they are sent again.
      const fresh = Math.max(0, this.#hashedTo - from);
      if (this.#identity === undefined && fresh < bytesRead && from <= this.#hashedTo) {
        this.#hash.update(target.subarray(filled + fresh, filled + bytesRead));
        this.#hashedTo = from + bytesRead;
      }
      filled += bytesRead;
    }
  }

  async #verify(): Promise<void> {
    if (this.#identity !== undefined) {
      if (identityOf(await this.#handle.stat({ bigint: true })) === this.#identity) return;
      this.#identity = undefined;
    }
    await this.#hashUpTo(this.size);
    if (this.#verified) return;
    const now = this.#hash.copy().digest('hex');
    if (now !== this.#known.sha256)
      throw changed(this.#known.file, `its sha256 is ${now} now, not ${this.#known.sha256}`);
    this.#verified = true;
  }
}

function changed(path: string, how: string): Fault {
  return new Fault('UPLOAD_CHANGED', `${path} has changed: ${how}`, {
    hint: 'Make sure that nothing writes to the file, pack or validate it again, and upload it then.',
  });
}
