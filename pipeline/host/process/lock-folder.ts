import type { BigIntStats } from 'node:fs';
import { lstat, rename, rm } from 'node:fs/promises';
import lockfile from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';
import { readJsonOrMiss } from '../files/read-json.ts';
import { count, object, orNull, type Shape, text } from '../files/shape.ts';
import { hasEnded, type ProcessName, thisProcess } from './alive.ts';

export interface Holder extends ProcessName {
  /** ISO 8601, UTC. */
  since: string;
  /** The activity of the holder, for those who wait. */
  doing: string;
}

/** Milliseconds without a sign of life of a holder that has not said who it is, or of one on another host. */
const SILENT_MS = 15_000;
/** File systems over the network show a change late: NFS keeps a folder's times for up to a minute. */
const SILENT_ELSEWHERE_MS = 90_000;

/**
 * A lock that whoever dies with it loses: a folder whose time the holder sets anew each second, and beside it a file that
 * says who that is. Clocks are not compared, since those of two hosts differ: a holder on this host is asked for by its
 * process, any other one is watched.
 */
export class LockFolder {
  readonly #of: string;
  readonly #folder: string;
  readonly #holderFile: string;
  #seen: { state: BigIntStats; at: number } | undefined;
  /** The holder of the lock at the last attempt, where that is known. */
  holder: Holder | undefined;

  /**
   * @param of the file or folder that is locked, which need not be there
   * @param folder the lock itself, in a folder that is there
   */
  constructor(of: string, folder: string, holderFile: string) {
    this.#of = of;
    this.#folder = folder;
    this.#holderFile = holderFile;
  }

  /**
   * Takes the lock, or says by `undefined` that somebody has it.
   * @param onLost called when another process has taken the lock over
   * @returns a function that releases it
   * @throws errors of the file system
   */
  async attempt(doing: string, onLost: () => void): Promise<(() => Promise<void>) | undefined> {
    if (await this.#abandoned()) await this.#clear();
    let held = true;
    let release: () => Promise<void>;
    try {
      release = await lockfile.lock(this.#of, {
        lockfilePath: this.#folder,
        realpath: false,
        // The library would compare clocks.
        stale: Number.MAX_SAFE_INTEGER / 2,
        update: 1_000,
        onCompromised: () => {
          held = false;
          onLost();
        },
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined;
      throw error;
    }
    const free = async () => {
      // Once lost, both belong to the new holder.
      if (!held) return;
      held = false;
      await rm(this.#holderFile, { force: true });
      await release().catch(() => {});
    };
    try {
      const mine: Holder = { ...thisProcess(), since: new Date().toISOString(), doing };
      await writeFileAtomic(this.#holderFile, JSON.stringify(mine), { mode: 0o600 });
    } catch (error) {
      await free();
      throw error;
    }
    return free;
  }

  /** The folder is looked at before the file: the file of one holder is gone before the folder of the next is made. */
  async #abandoned(): Promise<boolean> {
    const state = await lstat(this.#folder, { bigint: true }).catch(() => undefined);
    this.holder = await readHolder(this.#holderFile);
    if (state === undefined) {
      this.#seen = undefined;
      return false;
    }
    if (this.#seen === undefined || !same(this.#seen.state, state))
      this.#seen = { state, at: performance.now() };
    const silentMs = performance.now() - this.#seen.at;
    if (this.holder === undefined) return silentMs > SILENT_MS;
    return hasEnded(this.holder) ?? silentMs > SILENT_ELSEWHERE_MS;
  }

  /** Two who find the lock abandoned at once do not both take it: only one of them can move the folder away. */
  async #clear(): Promise<void> {
    const seen = this.#seen!.state;
    const aside = `${this.#folder}.${process.pid}.ended`;
    await rm(this.#holderFile, { force: true });
    try {
      await rename(this.#folder, aside);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    const moved = await lstat(aside, { bigint: true });
    // Somebody was faster, and this is the lock of a new holder.
    if (same(moved, seen)) await rm(aside, { recursive: true });
    else await rename(aside, this.#folder);
  }
}

const same = (a: BigIntStats, b: BigIntStats) => a.ino === b.ino && a.mtimeNs === b.mtimeNs;

const HOLDER: Shape<Holder> = object(
  { pid: count, host: text, since: text, doing: text },
  { start: orNull(text), place: text },
);

async function readHolder(path: string): Promise<Holder | undefined> {
  const holder = await readJsonOrMiss(path, HOLDER);
  return holder && Number.isInteger(holder.pid) && holder.pid > 0 ? holder : undefined;
}
