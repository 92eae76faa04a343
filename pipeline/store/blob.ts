import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Fault } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { openRegular } from '../host/files/regular.ts';
import { RetryBudget } from '../host/http/retry-budget.ts';
import { storedBlob } from '../workspace/layout.ts';
import { BadEntry, type Blob, type Store } from './store.ts';

const CHUNK = 1 << 20;
const ZEROS = Buffer.alloc(CHUNK);

export interface Transfer {
  signal: AbortSignal;
  /** Called with the bytes that came or went since the last call. */
  onBytes?: (count: number) => void;
}

/** Bytes and digest of a file. */
export async function digestOf(path: string, { signal, onBytes }: Transfer): Promise<Blob> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const part of bytesOf(path, signal)) {
    hash.update(part);
    size += part.length;
    onBytes?.(part.length);
  }
  return { sha256: hash.digest('hex'), size };
}

async function* bytesOf(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const file = await openRegular(path);
  try {
    for (;;) {
      if (signal.aborted) throw interrupted(signal);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/**
 * Puts a file under its digest, unless it is there already.
 * @param replace whether what is there is known to be bad
 * @throws BadEntry where the file is not what it was when its digest was taken
 */
export async function putBlob(
  store: Store,
  path: string,
  { sha256, size }: Blob,
  { signal, onBytes, replace }: Transfer & { replace: boolean },
): Promise<void> {
  const key = storedBlob(sha256);
  const there = replace ? undefined : await store.size(key);
  if (there === size) return;
  const content = { size, sha256, bytes: { [Symbol.asyncIterator]: checked } };
  for (const budget = budgetOf(); ; )
    try {
      // One of another size cannot be the same file.
      await store.put(key, content, replace || there !== undefined);
      return;
    } catch (error) {
      if (!(error instanceof Fault) || signal.aborted) throw error;
      await budget.pause(error, signal, () => {});
    }

  /** Fails before the last byte has gone where the file has changed meanwhile. */
  async function* checked(): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    let sent = 0;
    let held: Buffer | undefined;
    for await (const part of bytesOf(path, signal)) {
      if (held) yield held;
      hash.update(part);
      sent += part.length;
      held = part;
      onBytes?.(part.length);
    }
    if (sent !== size || hash.digest('hex') !== sha256)
      throw new BadEntry(key, `${path} has changed meanwhile`);
    if (held) yield held;
  }
}

/** Attempts in a row that bring nothing. */
const ATTEMPTS = 5;

/**
 * Fetches a file by its digest, which is checked while it is written. What is there of it from an attempt before is gone on from.
 * @throws BadEntry where the store has another file under the digest, or none; Fault where it cannot be used
 */
export async function fetchBlob(store: Store, blob: Blob, to: string, transfer: Transfer): Promise<void> {
  const file = await open(to, 'a+', 0o600).then(
    // Opened for appending a write at a position would go to the end.
    async (made) => {
      await made.close();
      return open(to, 'r+');
    },
  );
  try {
    const part = await Part.of(file, blob, transfer);
    const resumed = part.done > 0;
    await fill(store, blob, part, transfer);
    if (part.digest() !== blob.sha256) {
      const key = storedBlob(blob.sha256);
      if (!resumed) throw new BadEntry(key, 'it does not have its sha256');
      // The part from before may have been the bad one.
      await part.restart();
      await fill(store, blob, part, transfer);
      if (part.digest() !== blob.sha256) throw new BadEntry(key, 'it does not have its sha256');
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The patience with a store that breaks off. */
function budgetOf(): RetryBudget {
  return new RetryBudget({ totalS: 120, tries: ATTEMPTS, baseMs: 200, capMs: 10_000, askedCapMs: 30_000 });
}

async function fill(store: Store, { sha256, size }: Blob, part: Part, transfer: Transfer): Promise<void> {
  const key = storedBlob(sha256);
  const budget = budgetOf();
  while (part.done < size) {
    const before = part.done;
    try {
      const found = await store.read(key, part.done);
      if (!found) throw new BadEntry(key, 'it is not there');
      budget.reached();
      if (found.total !== undefined && found.total !== size) {
        await found.discard();
        throw new BadEntry(key, `it has ${found.total} bytes in place of ${size}`);
      }
      if (found.from !== part.done) await part.restart();
      for await (const bytes of found.bytes) {
        if (part.done + bytes.length > size) throw new BadEntry(key, `it has more than ${size} bytes`);
        await part.write(bytes);
      }
      if (part.done < size) throw new BadEntry(key, `it ends after ${part.done} of ${size} bytes`);
    } catch (error) {
      if (!(error instanceof Fault) || transfer.signal.aborted) throw error;
      if (part.done > before) budget.advanced();
      await budget.pause(error, transfer.signal, () => {});
    }
  }
  await part.end();
}

/** A file that is being fetched: what is there of it, and the digest so far. */
class Part {
  done = 0;
  readonly #file: FileHandle;
  readonly #onBytes: (count: number) => void;
  #hash: Hash = createHash('sha256');

  private constructor(file: FileHandle, { onBytes }: Transfer) {
    this.#file = file;
    this.#onBytes = onBytes ?? (() => {});
  }

  /** A part from an earlier attempt is read once for its digest. */
  static async of(file: FileHandle, { size }: Blob, transfer: Transfer): Promise<Part> {
    const part = new Part(file, transfer);
    if ((await file.stat()).size > size) await file.truncate(0);
    for (;;) {
      if (transfer.signal.aborted) throw interrupted(transfer.signal);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, part.done);
      if (bytesRead === 0) return part;
      part.#count(buffer.subarray(0, bytesRead));
    }
  }

  async write(bytes: Buffer): Promise<void> {
    // Left out, long runs of zeros take no room: a root has many.
    const zeros =
      bytes.length >= 4096 && bytes.length <= CHUNK && bytes.equals(ZEROS.subarray(0, bytes.length));
    for (let at = 0; !zeros && at < bytes.length; )
      at += (await this.#file.write(bytes, at, bytes.length - at, this.done + at)).bytesWritten;
    this.#count(bytes);
  }

  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#onBytes(-this.done);
    this.done = 0;
    this.#hash = createHash('sha256');
  }

  /** Zeros at the end have not been written. */
  async end(): Promise<void> {
    await this.#file.truncate(this.done);
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  #count(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.done += bytes.length;
    this.#onBytes(bytes.length);
  }
}
