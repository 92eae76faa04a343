import { randomUUID } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import {
  chmod,
  type FileHandle,
  link,
  mkdir,
  open,
  opendir,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { STORE_PARTIAL } from '../workspace/layout.ts';
import { BadEntry, type Content, type Listed, type Reading, type Store } from './store.ts';

/** Milliseconds for a folder to answer: one on a network may never do so. */
const ANSWER_MS = 10_000;
const CHUNK = 1 << 20;
const MISSING = new Set(['ENOENT', 'ENOTDIR']);
/** File systems without hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException | undefined)?.code ?? '';

/**
 * A store in a folder that builders share: NFS, the cache of a CI. Whoever may read and write the folder may do so with what is in it.
 */
export class FolderStore implements Store {
  readonly place: string;
  readonly #signal: AbortSignal;
  #real: Promise<string> | undefined;

  constructor(folder: string, signal: AbortSignal) {
    this.place = folder;
    this.#signal = signal;
  }

  async size(key: string): Promise<number | undefined> {
    return this.#withFile(key, async (_, size) => size);
  }

  async read(key: string, from: number): Promise<Reading | undefined> {
    const opened = await this.#open(key);
    if (!opened) return undefined;
    const { file, size } = opened;
    return { from, total: size, bytes: this.#bytes(key, file, from), discard: () => file.close() };
  }

  async put(key: string, content: Content, replace: boolean): Promise<'put' | 'there'> {
    const doing = `writing ${key} to the store ${this.place}`;
    const root = await this.#root(true);
    const final = join(root, key);
    const partialKey = `${STORE_PARTIAL}/${randomUUID()}`;
    const partial = join(root, partialKey);
    try {
      const { mode } = await stat(root);
      await this.#folderOf(root, partialKey, mode);
      await this.#folderOf(root, key, mode);
      await this.#write(partial, content, mode & 0o666);
      return await this.#name(key, partial, final, replace);
    } catch (error) {
      if (this.#signal.aborted) throw interrupted(this.#signal);
      throw error instanceof BadEntry ? error : fromSystemError(error, doing);
    } finally {
      await rm(partial, { force: true }).catch(() => {});
    }
  }

  list(below = ''): AsyncIterable<Listed> {
    return this.#listed(below);
  }

  async remove(key: string): Promise<void> {
    const root = await this.#root(false);
    if (root === undefined) return;
    try {
      await this.#assertNoLink(root, key);
      await rm(join(root, key), { force: true });
    } catch (error) {
      if (!MISSING.has(codeOf(error)))
        throw fromSystemError(error, `deleting ${key} in the store ${this.place}`);
    }
  }

  close(): void {}

  /** The folder itself, made where only its last part is missing: below what is not mounted nothing is made. */
  async #root(make: true): Promise<string>;
  async #root(make: boolean): Promise<string | undefined>;
  async #root(make: boolean): Promise<string | undefined> {
    try {
      this.#real ??= answering(realpath(this.place), this.place);
      return await this.#real;
    } catch (error) {
      this.#real = undefined;
      if (!MISSING.has(codeOf(error))) throw fromSystemError(error, `looking at the store ${this.place}`);
      if (!make) return undefined;
    }
    try {
      await mkdir(this.place, { mode: 0o700 });
    } catch (error) {
      if (MISSING.has(codeOf(error)))
        throw new Fault('STORE_UNREACHABLE', `The folder ${dirname(this.place)} is not there`, {
          hint: 'Mount it, or correct `store:`.',
          cause: error,
        });
      if (codeOf(error) !== 'EEXIST') throw fromSystemError(error, `creating the store ${this.place}`);
    }
    this.#real = realpath(this.place);
    return this.#real;
  }

  async #withFile<T>(
    key: string,
    use: (file: FileHandle, size: number) => Promise<T>,
  ): Promise<T | undefined> {
    const opened = await this.#open(key);
    if (!opened) return undefined;
    try {
      return await use(opened.file, opened.size);
    } finally {
      await opened.file.close();
    }
  }

  /** Follows no link: nobody has put one there for a good reason. */
  async #open(key: string): Promise<{ file: FileHandle; size: number } | undefined> {
    const root = await this.#root(false);
    if (root === undefined) return undefined;
    let file: FileHandle;
    try {
      await this.#assertNoLink(root, key);
      file = await open(join(root, key), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    } catch (error) {
      if (MISSING.has(codeOf(error))) return undefined;
      if (codeOf(error) === 'ELOOP') throw new BadEntry(key, 'it is a symbolic link');
      if (codeOf(error) === 'ENXIO') throw new BadEntry(key, 'it is not a file');
      throw error instanceof BadEntry
        ? error
        : fromSystemError(error, `reading ${key} of the store ${this.place}`);
    }
    const facts = await file.stat();
    if (facts.isFile()) return { file, size: facts.size };
    await file.close();
    throw new BadEntry(key, 'it is not a file');
  }

  async #assertNoLink(root: string, key: string): Promise<void> {
    const folder = dirname(join(root, key));
    if ((await realpath(folder)) !== folder) throw new BadEntry(key, 'its folder is a symbolic link');
  }

  async *#bytes(key: string, file: FileHandle, from: number): AsyncGenerator<Buffer> {
    try {
      for (let at = from; ; ) {
        if (this.#signal.aborted) throw interrupted(this.#signal);
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw fromSystemError(error, `reading ${key} of the store ${this.place}`);
    } finally {
      await file.close();
    }
  }

  /** Makes the folders of a file, each with the mode of the store's own, whatever the umask is. */
  async #folderOf(root: string, key: string, mode: number): Promise<void> {
    let folder = root;
    for (const name of key.split('/').slice(0, -1)) {
      folder = join(folder, name);
      try {
        await mkdir(folder);
        await chmod(folder, mode & 0o7777);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
    await this.#assertNoLink(root, key);
  }

  async #write(path: string, { bytes }: Content, mode: number): Promise<void> {
    const file = await open(path, 'wx', mode);
    try {
      await file.chmod(mode);
      for await (const part of Buffer.isBuffer(bytes) ? [bytes] : bytes) {
        if (this.#signal.aborted) throw interrupted(this.#signal);
        await file.writeFile(part);
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** The whole file under its name. A link is made only where nobody else was faster. */
  async #name(key: string, partial: string, final: string, replace: boolean): Promise<'put' | 'there'> {
    try {
      if (!replace) await link(partial, final);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return 'there';
      if (!NO_LINKS.has(codeOf(error))) throw error;
      replace = true;
    }
    try {
      if (replace) await rename(partial, final);
    } catch (error) {
      if (codeOf(error) === 'EISDIR') throw new BadEntry(key, 'it is not a file');
      throw error;
    }
    const folder = await open(dirname(final), 'r');
    // Not every file system of a network can do this; the file is there nevertheless.
    await folder.sync().catch(() => {});
    await folder.close();
    return 'put';
  }

  async *#listed(below: string): AsyncGenerator<Listed> {
    const root = await this.#root(false);
    if (root === undefined) return;
    const entries: Dirent[] = [];
    try {
      for await (const entry of await opendir(join(root, below))) entries.push(entry);
    } catch (error) {
      if (MISSING.has(codeOf(error))) return;
      throw fromSystemError(error, `listing the store ${this.place}`);
    }
    for (const entry of entries) {
      const key = below === '' ? entry.name : `${below}/${entry.name}`;
      if (this.#signal.aborted) throw interrupted(this.#signal);
      if (entry.isDirectory()) yield* this.#listed(key);
      else if (entry.isFile()) {
        const facts = await stat(join(root, key)).catch(() => undefined);
        if (facts) yield { key, size: facts.size, changedMs: facts.mtimeMs };
      }
    }
  }
}

/** A folder of a server that is away answers never: the system waits on. */
async function answering<T>(question: Promise<T>, place: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Fault('STORE_UNREACHABLE', `The folder ${place} does not answer`)),
      ANSWER_MS,
    );
  });
  try {
    return await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}
