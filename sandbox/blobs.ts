import { createHash, type Hash } from 'node:crypto';
import { createReadStream, mkdirSync } from 'node:fs';
import { type FileHandle, open, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes written at once: a network gives a body in some hundred pieces, and each write has its price. */
const BATCH = 4 * 2 ** 20;

/** The images' bytes: one file for each key, with a running SHA-256 so that the last chunk costs no second reading. */
export class Blobs {
  readonly #dir: string;
  readonly #running = new Map<string, { hash: Hash; length: number }>();

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  path(key: string): string {
    return join(this.#dir, key);
  }

  /** Bytes on disk; 0 when there is no such blob. */
  async length(key: string): Promise<number> {
    return stat(this.path(key)).then(
      (found) => found.size,
      () => 0,
    );
  }

  async has(key: string): Promise<boolean> {
    return stat(this.path(key)).then(
      () => true,
      () => false,
    );
  }

  /**
   * Writes `parts` at `offset`, where the blob must end or be cut.
   * @returns a way back to the state before, for a chunk that turns out wrong.
   */
  async append(key: string, offset: number, parts: AsyncIterable<Buffer>): Promise<() => Promise<void>> {
    const before = await this.#runningAt(key, offset);
    const back = async () => {
      await this.cut(key, offset);
      this.#running.set(key, { hash: before, length: offset });
    };
    const hash = before.copy();
    let position = offset;
    let file: FileHandle | undefined;
    try {
      file = await open(this.path(key), offset === 0 ? 'w' : 'r+', 0o600);
      for await (const some of batches(parts)) {
        // The kernel writes while the sum is computed.
        const writing = file.writev(some, position);
        const bytes = some.reduce((sum, part) => sum + part.length, 0);
        for (const part of some) hash.update(part);
        // A disk that becomes full takes a part only, and says so no sooner than at the next write.
        if ((await writing).bytesWritten !== bytes) throw new Error('No space left on device');
        position += bytes;
      }
    } catch (error) {
      await back();
      throw error;
    } finally {
      await file?.close();
    }
    this.#running.set(key, { hash, length: position });
    return back;
  }

  /** Takes over a finished file from the same file system. */
  async adopt(key: string, file: string): Promise<void> {
    this.#running.delete(key);
    for (const known of this.#running.keys()) if (this.path(known) === file) this.#running.delete(known);
    await rename(file, this.path(key));
  }

  /** The SHA-256 of the blob's first `length` bytes, lower-case hex. */
  async sha256(key: string, length: number): Promise<string> {
    return (await this.#runningAt(key, length)).copy().digest('hex');
  }

  /** Cuts what a killed server had written but not recorded. */
  async cut(key: string, length: number): Promise<void> {
    if ((await this.length(key)) <= length) return;
    this.#running.delete(key);
    await truncate(this.path(key), length);
  }

  async remove(key: string): Promise<void> {
    this.#running.delete(key);
    await rm(this.path(key), { force: true });
  }

  /** State that a restart loses: the running digests. */
  forget(): void {
    this.#running.clear();
  }

  /** After a restart the hash is taken up again by reading what is on disk, once. */
  async #runningAt(key: string, length: number): Promise<Hash> {
    const known = this.#running.get(key);
    if (known?.length === length) return known.hash;
    const hash = createHash('sha256');
    if (length > 0)
      for await (const part of createReadStream(this.path(key), { end: length - 1 }))
        hash.update(part as Buffer);
    this.#running.set(key, { hash, length });
    return hash;
  }
}

async function* batches(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  let batch: Buffer[] = [];
  let bytes = 0;
  for await (const part of parts) {
    batch.push(part);
    bytes += part.length;
    if (bytes < BATCH) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (bytes > 0) yield batch;
}
