import { createHash } from 'node:crypto';
import { copyFile, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Emit } from '../../core/events/event.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { openRegular } from '../../host/files/regular.ts';
import { memberFile, membersFolder } from '../../workspace/layout.ts';
import type { DigestThread } from './digest.ts';
import type { Room } from './room.ts';

/*
 * Compressed blocks of tars, each a file by the digest of all that decides it. Its name also has a sum and the number of its bytes, so that
 * damage is found, and what is in a cache is known by a listing.
 */

const NAME = /^([0-9a-f]{64})-([0-9a-f]{8})-([1-9]\d{0,8})$/;
const PARTIAL = /^[0-9a-f]{64}-[0-9a-f]{8}-\d+\.partial-\d+$/;
/** Milliseconds after which a partial file is left over. */
const LEFT_OVER_MS = 24 * 3600_000;
/** Bytes of tar after which the space on the disk is asked for again. */
const ASK_BYTES = 64 << 20;
/** Milliseconds in which uses are one use, so that most packs change no times. */
const SAME_USE_MS = 3600_000;

export interface CachedMember {
  path: string;
  bytes: number;
}

interface Known {
  key: string;
  /** CRC-32 of the key and the bytes. */
  sum: number;
  bytes: number;
}

/** A compressed block that is being written to an artifact. */
export interface Keeping {
  see(part: Buffer): void;
  /**
   * Moves its file to the cache, or copies it where that is on another file system.
   * @param needed bytes that the rest of the pack may still take
   */
  keep(path: string, needed: number): Promise<void>;
}

/** All members in a cache. */
export async function listMembers(cache: string): Promise<CachedMember[]> {
  return (await namesIn(membersFolder(cache))).flatMap((name) => {
    const known = knownOf(name);
    return known ? [{ path: memberFile(cache, name), bytes: known.bytes }] : [];
  });
}

/** Removes all members of a cache, and what killed packs left of some. */
export async function removeMembers(cache: string): Promise<void> {
  for (const name of await namesIn(membersFolder(cache)))
    if (NAME.test(name) || PARTIAL.test(name)) await rm(memberFile(cache, name), { force: true });
}

async function freeSpace(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

export interface CacheOptions {
  /** The folder of all caches. */
  cache: string;
  /** Bytes that all members may have together. */
  most: number;
  /** For their sums. */
  digests: DigestThread;
  emit: Emit;
}

/**
 * The members of earlier packs, for one pack. Whatever is wrong with the cache costs one warning and never the artifact: what is
 * not there, or is not what it should be, is compressed again.
 */
export class MemberCache {
  readonly #options: CacheOptions;
  readonly #known = new Map<string, Known>();
  #bytes = 0;
  /** Keys of what this pack has kept, or is about to. */
  readonly #begun = new Set<string>();
  #keeps = true;
  #warned = false;
  /** The space on its disk, and the bytes that the rest of the pack could take when it was asked for. */
  #space: { needed: number; free: Promise<number> } | undefined;

  private constructor(options: CacheOptions, names: readonly string[]) {
    this.#options = options;
    for (const name of names) {
      const known = knownOf(name);
      if (!known) continue;
      this.#known.set(known.key, known);
      this.#bytes += known.bytes;
    }
  }

  static async open(options: CacheOptions): Promise<MemberCache> {
    const folder = membersFolder(options.cache);
    try {
      await makeFolders(folder, 0o700);
      return new MemberCache(options, await readdir(folder));
    } catch (error) {
      const cache = new MemberCache(options, []);
      cache.#keeps = false;
      cache.#warn(`The cache of members cannot be used: ${folder}: ${reasonOf(error)}`);
      return cache;
    }
  }

  /** The digest of all that decides the bytes of a member. @param by the compressor with its version, level and form */
  static keyOf(by: string, sha256: string): string {
    return createHash('sha256').update(`${by} ${sha256}`).digest('hex');
  }

  /**
   * The bytes kept for a key, all of them verified by their sum, or undefined.
   * @param tarBytes what they hold
   * @param room where they are read to
   */
  async find(key: string, tarBytes: number, room: Room): Promise<Buffer | undefined> {
    const known = this.#known.get(key);
    return known && (await this.#read(known, tarBytes, room));
  }

  async #read(known: Known, tarBytes: number, room: Room): Promise<Buffer | undefined> {
    const path = memberFile(this.#options.cache, nameOf(known));
    try {
      if (known.bytes > mostOf(tarBytes)) throw new Error(`it is too large for ${tarBytes} bytes of tar`);
      const file = await openRegular(path);
      try {
        const { size, mtimeMs } = await file.stat();
        if (size !== known.bytes) throw new Error(`it has ${size} of ${known.bytes} bytes`);
        const bytes = room.take(size);
        for (let at = 0; at < size; ) {
          const { bytesRead } = await file.read(bytes, at, size - at, at);
          if (bytesRead === 0) throw new Error('it became shorter');
          at += bytesRead;
        }
        if ((await this.#options.digests.crc(bytes, seed(known.key))) !== known.sum)
          throw new Error('its bytes have been changed');
        const now = new Date();
        // A cache that may only be read serves as well.
        if (now.getTime() - mtimeMs > SAME_USE_MS) await file.utimes(now, now).catch(() => {});
        return bytes;
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#known.delete(known.key);
      // Another pack has made room meanwhile.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      this.#warn(`A member in the cache is not used: ${path}: ${reasonOf(error)}`);
      await rm(path, { recursive: true, force: true }).catch(() => {});
      return undefined;
    }
  }

  /** Begins to keep a compressed block, of which `see` gets all bytes in order; undefined: it is not kept, or is already. */
  begin(key: string): Keeping | undefined {
    if (!this.#keeps || this.#begun.has(key)) return undefined;
    this.#begun.add(key);
    let sum = seed(key);
    let bytes = 0;
    return {
      see: (part) => {
        sum = crc32(part, sum);
        bytes += part.length;
      },
      keep: (path, needed) => this.#keep({ key, sum, bytes }, path, needed),
    };
  }

  async #keep(known: Known, path: string, needed: number): Promise<void> {
    const { cache } = this.#options;
    const to = memberFile(cache, nameOf(known));
    const partial = `${to}.partial-${process.pid}`;
    try {
      if (!(await this.#hasSpace(needed, known.bytes)))
        return this.#stop('too little space is left on its disk');
      await rename(path, to).catch(async (error: NodeJS.ErrnoException) => {
        // The cache is on another file system.
        if (error.code !== 'EXDEV') throw error;
        await copyFile(path, partial);
        await rename(partial, to);
      });
      this.#known.set(known.key, known);
      this.#bytes += known.bytes;
    } catch (error) {
      await rm(partial, { force: true }).catch(() => {});
      this.#stop(reasonOf(error));
    }
  }

  /** Whether the disk has space for a member and the rest of the pack; of all that was packed since it was asked, nothing is there any more. */
  async #hasSpace(needed: number, bytes: number): Promise<boolean> {
    if (!this.#space || this.#space.needed - needed > ASK_BYTES)
      this.#space = { needed, free: freeSpace(membersFolder(this.#options.cache)) };
    const { needed: atMost, free } = this.#space;
    return (await free) >= atMost + bytes;
  }

  /** Deletes those that were used longest ago, where all of them have more bytes than they may. */
  async makeRoom(): Promise<void> {
    const { cache, most } = this.#options;
    if (this.#bytes <= most) return;
    const found: { path: string; bytes: number; usedAt: number }[] = [];
    for (const name of await namesIn(membersFolder(cache))) {
      const path = memberFile(cache, name);
      const there = await stat(path).catch(() => null);
      if (!there) continue;
      if (NAME.test(name)) found.push({ path, bytes: there.size, usedAt: there.mtimeMs });
      else if (PARTIAL.test(name) && Date.now() - there.mtimeMs > LEFT_OVER_MS)
        await rm(path, { force: true }).catch(() => {});
    }
    found.sort((a, b) => b.usedAt - a.usedAt);
    let sum = 0;
    for (const { path, bytes } of found) {
      sum += bytes;
      if (sum > most) await rm(path, { force: true }).catch(() => {});
    }
  }

  #stop(why: string): void {
    this.#keeps = false;
    this.#warn(`No more members are kept in the cache: ${membersFolder(this.#options.cache)}: ${why}`);
  }

  /** Once a pack: where one is damaged, more are. */
  #warn(message: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.emit({
      type: 'notice',
      level: 'warning',
      message,
      hint: 'The artifact is right: what is not in the cache is compressed. To begin with an empty cache: dgxos-maas prune --cache',
    });
  }
}

/** Bytes that no compressor exceeds: deflate stores what does not pack, with 5 bytes for each block of at least 10,000. */
const mostOf = (tarBytes: number) => tarBytes + (tarBytes >> 10) + 1024;

/** The CRC-32 goes on from that of the key: a file under the name of another one is found out. */
const seed = (key: string) => crc32(key);

const nameOf = ({ key, sum, bytes }: Known) => `${key}-${sum.toString(16).padStart(8, '0')}-${bytes}`;

function knownOf(name: string): Known | undefined {
  const [, key, sum, bytes] = NAME.exec(name) ?? [];
  return key === undefined ? undefined : { key, sum: Number.parseInt(sum!, 16), bytes: Number(bytes) };
}
