import { chmod, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Emit } from '../core/events/event.ts';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { holdsSecret } from '../core/secrets/registry.ts';
import { makeFolders } from '../host/files/folders.ts';
import { removeTree } from '../host/namespaces.ts';
import { fetchedFolder, stageFolder, storedBlob, storedRecord } from '../workspace/layout.ts';
import { programVersion } from '../workspace/program.ts';
import {
  deleteRecord,
  describeFiles,
  memberOf,
  type StageRecord,
  toStored,
  withPaths,
  writeRecord,
} from '../workspace/record.ts';
import { digestOf, fetchBlob, putBlob } from './blob.ts';
import { type Entry, entryOf, isBelow, LARGEST_RECORD, type StoredFile, writtenEntry } from './entry.ts';
import { withProgress } from './progress.ts';
import { fileHoldsSecret } from './secrets.ts';
import { BadEntry, type Blob, contentOf, type Store } from './store.ts';
import { maySign, NO_SIGNATURES, type Trust } from './trust.ts';

export interface SharedContext {
  /** The image's folder in the workspace. */
  imageDir: string;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * The results of stages that builders share. Whatever is wrong with the store costs a warning and never the build: what is not
 * there, is damaged, or cannot be reached, is made here.
 */
export class SharedResults {
  readonly #open: () => Promise<Store>;
  readonly #readOnly: boolean;
  readonly #trust: Trust;
  #store: Promise<Store> | undefined;
  /** Not asked again in this run, and nothing is put any more. */
  #away = false;
  /** Keys of what was found to be bad: the next result takes its place. */
  readonly #bad = new Set<string>();

  /**
   * @param open fails with a Fault where the configuration of the store cannot be used
   * @param trust the keys of its entries
   */
  constructor(open: () => Promise<Store>, readOnly: boolean, trust: Trust = NO_SIGNATURES) {
    this.#open = open;
    this.#readOnly = readOnly || !maySign(trust);
    this.#trust = trust;
  }

  /** The entry of a stage's result, whose files have not been looked at; undefined where there is none that can be used. */
  async find(stage: string, fingerprint: string, context: SharedContext): Promise<Entry | undefined> {
    const key = storedRecord(stage, fingerprint);
    if (this.#away || this.#bad.has(key)) return undefined;
    return this.#guarded(`looking for ${stage}`, context, (store) =>
      entryOf(store, stage, fingerprint, this.#trust),
    );
  }

  /** The record of an entry as it will be in this workspace; its files are not there yet. */
  recordOf(entry: Entry, imageDir: string): StageRecord {
    const { stage, fingerprint, inputs, data, summary, seconds, finishedAt } = entry;
    const files = entry.files.map(({ path, size }) => ({ path, size, mtimeMs: 0 }));
    return withPaths(
      { format: 0, stage, fingerprint, inputs, data, files, summary, seconds, finishedAt },
      (path) => join(imageDir, path),
    );
  }

  /**
   * Fetches the files of an entry in place of the stage's folder, and writes its record. Until every file is here and verified
   * the stage's folder stays as it is.
   * @param large the member of its data with the path of a file that stays in the store
   * @returns undefined where it cannot be used: the stage must run
   */
  async take(entry: Entry, context: SharedContext, large?: string): Promise<StageRecord | undefined> {
    const { imageDir, signal } = context;
    const { stage, fingerprint } = entry;
    const left = large === undefined ? undefined : memberOf(entry, large);
    const files = entry.files.filter(({ path }) => path !== left);
    const fetched = fetchedFolder(imageDir, stage);
    const key = storedRecord(stage, fingerprint);
    const record = await this.#guarded(`fetching ${stage}`, context, async (store) => {
      const whole = join(fetched, fingerprint);
      await this.#prepare(fetched, fingerprint, imageDir);
      const total = files.reduce((sum, { size }) => sum + size, 0);
      const label = `Fetching ${stage} from the store`;
      await withProgress({ emit: context.emit, label, total }, async (onBytes) => {
        for (const file of files) {
          const to = join(whole, file.path.slice(stage.length + 1));
          await makeFolders(dirname(to), 0o700);
          // One that an earlier, interrupted transfer has finished may be read only.
          await chmod(to, 0o600).catch(() => {});
          try {
            await fetchBlob(store, file, to, { signal, onBytes });
          } catch (error) {
            // A record is worth nothing without its files: the next result takes the place of both.
            if (error instanceof BadEntry) this.#bad.add(key);
            throw error;
          }
          await chmod(to, file.mode);
        }
      });
      // An earlier transfer may have begun with it.
      if (left !== undefined && isBelow(left, stage))
        await rm(join(whole, left.slice(stage.length + 1)), { force: true });
      const dir = stageFolder(imageDir, stage);
      await deleteRecord(imageDir, stage);
      await removeTree(dir);
      await rename(whole, dir);
      const made = this.recordOf(entry, imageDir);
      const isLeft = ({ path }: { path: string }) => left !== undefined && path === join(imageDir, left);
      const here = made.files.filter((file) => !isLeft(file)).map(({ path }) => path);
      const written = {
        ...made,
        files: [
          ...(await describeFiles(dir, here)),
          ...made.files.filter(isLeft).map((file) => ({ ...file, absent: true as const })),
        ],
      };
      await writeRecord(imageDir, written);
      return written;
    });
    // A transfer that was cut is continued by a later run; a bad one is not.
    if (record || !this.#away) await rm(fetched, { recursive: true, force: true }).catch(() => {});
    return record;
  }

  /**
   * Puts the result of a stage: its files first and its record last, so that nobody sees half of it.
   * @param replace whether it was asked for although there may be an earlier one
   */
  async put(record: StageRecord, context: SharedContext, replace: boolean): Promise<void> {
    const { imageDir, signal } = context;
    const { stage, fingerprint } = record;
    if (this.#away || this.#readOnly) return;
    await this.#guarded(`keeping ${stage} in`, context, async (store) => {
      const secret = await this.#secretIn(record);
      if (secret !== undefined) {
        context.emit({
          type: 'notice',
          level: 'warning',
          message: `The result of ${stage} is not put in the store: ${secret} contains a secret`,
          hint: 'Read secrets on the machine at its first boot, not from the image.',
        });
        return;
      }
      const sizes = record.files.reduce((sum, { size }) => sum + size, 0);
      const files: StoredFile[] = [];
      const label = `Keeping ${stage} in the store`;
      // Each file is read twice: for its digest, and to be put.
      await withProgress({ emit: context.emit, label, total: 2 * sizes }, async (onBytes) => {
        const transfer = { signal, onBytes };
        for (const { path } of record.files) {
          const stored = toStored(imageDir, path);
          if (!isBelow(stored, stage))
            throw new Error(`stage ${stage} has the output ${path}, which is not in its folder`);
          const { mode } = await stat(path);
          const blob = await digestOf(path, transfer);
          await putBlob(store, path, blob, { ...transfer, replace: this.#bad.has(storedBlob(blob.sha256)) });
          files.push({ path: stored, mode: mode & 0o777, ...blob });
        }
      });
      const { inputs, summary, seconds, finishedAt } = record;
      const { data } = withPaths(record, (path) => toStored(imageDir, path));
      const key = storedRecord(stage, fingerprint);
      const bytes = writtenEntry(
        {
          ...{ stage, fingerprint, inputs, data, files, summary, seconds, finishedAt },
          version: programVersion(),
        },
        this.#trust,
      );
      if (bytes.length > LARGEST_RECORD) throw new Error(`the record of ${stage} is too large`);
      await store.put(key, contentOf(bytes), replace || this.#bad.has(key));
      this.#bad.delete(key);
    });
  }

  /**
   * Fetches a file by its digest, whatever result it belongs to.
   * @returns false where the store does not have it, or cannot be used: one warning says why it cannot
   */
  async fetchFile(
    blob: Blob,
    to: string,
    label: string,
    context: Omit<SharedContext, 'imageDir'>,
  ): Promise<boolean> {
    if (this.#away) return false;
    const fetched = await this.#guarded(`fetching ${label}`, context, async (store) => {
      if ((await store.size(storedBlob(blob.sha256))) === undefined) return false;
      await withProgress(
        { emit: context.emit, label: `Fetching ${label} from the store`, total: blob.size },
        (onBytes) => fetchBlob(store, blob, to, { signal: context.signal, onBytes }),
      );
      return true;
    });
    return fetched === true;
  }

  async close(): Promise<void> {
    const store = await this.#store?.catch(() => undefined);
    store?.close();
  }

  /** The part of a result that holds a secret; undefined: none. */
  async #secretIn(record: StageRecord): Promise<string | undefined> {
    if (holdsSecret(JSON.stringify(record))) return 'its record';
    for (const { path } of record.files) if (await fileHoldsSecret(path)) return path;
    return undefined;
  }

  /** Files of an earlier transfer of the same result, which was cut, are kept. */
  async #prepare(fetched: string, fingerprint: string, imageDir: string): Promise<void> {
    await makeFolders(imageDir, 0o700);
    await chmod(imageDir, 0o700);
    await makeFolders(join(fetched, fingerprint), 0o700);
    for (const name of await readdir(fetched))
      if (name !== fingerprint) await rm(join(fetched, name), { recursive: true, force: true });
  }

  /** Does something with the store; what goes wrong is one warning, and undefined. */
  async #guarded<T>(
    doing: string,
    { emit, signal }: Omit<SharedContext, 'imageDir'>,
    use: (store: Store) => Promise<T>,
  ): Promise<T | undefined> {
    const warn = (message: string, hint?: string) =>
      emit({ type: 'notice', level: 'warning', message, ...(hint ? { hint } : {}) });
    let place = '';
    try {
      this.#store ??= this.#open();
      const store = await this.#store;
      place = store.place;
      return await use(store);
    } catch (error) {
      if (signal.aborted) throw interrupted(signal);
      if (error instanceof BadEntry) {
        if (!this.#bad.has(error.key))
          warn(
            `The store ${place} has a bad entry, which is not used: ${error.key}: ${error.message}`,
            'Delete it with: dgxos-maas store verify --remove',
          );
        this.#bad.add(error.key);
      } else if (error instanceof Fault) {
        this.#away = true;
        warn(`The store is not used any more in this run: ${error.message}`, error.hint);
      } else {
        const { message, hint, code } = fromSystemError(
          error,
          `${doing} ${doing.endsWith(' in') ? 'the store' : 'in the store'}`,
        );
        if (code === 'INTERNAL') throw error;
        warn(message, hint);
      }
      return undefined;
    }
  }
}
