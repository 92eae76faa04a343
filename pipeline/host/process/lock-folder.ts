import type { BigIntStats } from 'node:fs';
import { lstat, rm, rmdir, writeFile } from 'node:fs/promises';
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
  /** Held for the moment in which an abandoned lock is removed. */
  readonly #removal: string;
  readonly #lockSeen = new Watch();
  readonly #removalSeen = new Watch();
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
    this.#removal = `${folder}.removal`;
  }

  /**
   * Takes the lock, or says by `undefined` that somebody has it.
   * @param onLost called when another process has taken the lock over
   * @returns a function that releases it
   * @throws errors of the file system
   */
  async attempt(doing: string, onLost: () => void): Promise<(() => Promise<void>) | undefined> {
    const left = await this.#abandoned();
    if (left !== undefined) await this.#remove(left);
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
      // Nobody needs it after the power has failed, and `fsync` may wait for all that others write to the disk.
      await writeFileAtomic(this.#holderFile, JSON.stringify(mine), { mode: 0o600, fsync: false });
    } catch (error) {
      await free();
      throw error;
    }
    return free;
  }

  /**
   * The lock's folder if nobody holds it any more. It is looked at before the file: the file of one holder is gone before the
   * folder of the next is made.
   */
  async #abandoned(): Promise<BigIntStats | undefined> {
    const state = await stateOf(this.#folder);
    this.holder = await readHolder(this.#holderFile);
    const silentMs = this.#lockSeen.silentMs(state);
    return state !== undefined && hasLeft(this.holder, silentMs) ? state : undefined;
  }

  /**
   * Of several who find the lock abandoned one removes it, and only if it is still the same: who made a lock of their own in
   * the meantime keeps it.
   */
  async #remove(abandoned: BigIntStats): Promise<void> {
    const mine: Holder = { ...thisProcess(), since: new Date().toISOString(), doing: 'removing a lock' };
    try {
      await writeFile(this.#removal, JSON.stringify(mine), { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // The remover may have been killed in that moment: then the next attempt removes it.
      const silentMs = this.#removalSeen.silentMs(await stateOf(this.#removal));
      if (hasLeft(await readHolder(this.#removal), silentMs)) await rm(this.#removal, { force: true });
      return;
    }
    try {
      const now = await stateOf(this.#folder);
      if (now === undefined || !same(now, abandoned)) return;
      await rm(this.#holderFile, { force: true });
      await rmdir(this.#folder);
    } finally {
      await rm(this.#removal, { force: true });
    }
  }
}

/** For how long a file or folder has not changed before our eyes: of clocks only our own is read. */
class Watch {
  #seen: { state: BigIntStats; at: number } | undefined;

  /** @param state what it is now; undefined when it is not there */
  silentMs(state: BigIntStats | undefined): number {
    if (state === undefined) this.#seen = undefined;
    else if (this.#seen === undefined || !same(this.#seen.state, state))
      this.#seen = { state, at: performance.now() };
    return this.#seen === undefined ? 0 : performance.now() - this.#seen.at;
  }
}

const stateOf = (path: string) => lstat(path, { bigint: true }).catch(() => undefined);
const same = (a: BigIntStats, b: BigIntStats) => a.ino === b.ino && a.mtimeNs === b.mtimeNs;

const hasLeft = (holder: Holder | undefined, silentMs: number): boolean =>
  holder === undefined ? silentMs > SILENT_MS : (hasEnded(holder) ?? silentMs > SILENT_ELSEWHERE_MS);

const HOLDER: Shape<Holder> = object(
  { pid: count, host: text, since: text, doing: text },
  { start: orNull(text), place: text },
);

async function readHolder(path: string): Promise<Holder | undefined> {
  const holder = await readJsonOrMiss(path, HOLDER);
  return holder && Number.isInteger(holder.pid) && holder.pid > 0 ? holder : undefined;
}
