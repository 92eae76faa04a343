import { type FileHandle, open } from 'node:fs/promises';
import { DigestThread } from './digest.ts';
import { writeAll } from './member.ts';

/** Bytes between two flushes: written to the disk along the way, they leave little for the last flush to wait for. */
const FLUSH_BYTES = 64 << 20;

/** A file put together of others; it knows its digest and is on the disk when finished. */
export class Output {
  readonly #file: FileHandle;
  /** Of what is added; a thread of its own, which waits for no block of the tar. */
  readonly digests = new DigestThread();
  readonly #buffer = Buffer.from(new SharedArrayBuffer(1 << 20));
  #size = 0;
  #unflushed = 0;
  #flushed: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<Output> {
    return new Output(await open(path, 'w'));
  }

  async write(bytes: Buffer): Promise<void> {
    await Promise.all([this.digests.add(bytes), writeAll(this.#file, bytes, this.#size)]);
    this.#size += bytes.length;
    this.#unflushed += bytes.length;
    if (this.#unflushed >= FLUSH_BYTES) await this.#flush();
  }

  /**
   * Adds the content of a file.
   * @param seen gets the content too, in parts
   * @returns its size
   */
  async append(path: string, seen: (bytes: Buffer) => void = () => {}): Promise<number> {
    const before = this.#size;
    const from = await open(path, 'r');
    try {
      for (;;) {
        const { bytesRead } = await from.read(this.#buffer, 0, this.#buffer.length, null);
        if (bytesRead === 0) break;
        const bytes = this.#buffer.subarray(0, bytesRead);
        seen(bytes);
        await this.write(bytes);
      }
    } finally {
      await from.close();
    }
    return this.#size - before;
  }

  /** Starts a flush and waits for the one before. */
  async #flush(): Promise<void> {
    this.#unflushed = 0;
    await this.#flushed;
    this.#flushed = this.#file.datasync();
    // Its failure is met by the next flush, or by `finish`.
    this.#flushed.catch(() => {});
  }

  async finish(): Promise<{ sha256: string; size: number }> {
    await this.#flushed;
    await this.#file.sync();
    return { sha256: await this.digests.digest(), size: this.#size };
  }

  async close(): Promise<void> {
    await this.#flushed.catch(() => {});
    await this.digests.close();
    await this.#file.close();
  }
}
