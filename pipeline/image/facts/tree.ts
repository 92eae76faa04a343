import { randomInt } from 'node:crypto';
import { MOST_PATH } from '../tar/names.ts';
import type { Budget } from './budget.ts';
import { type Ownership, OwnershipTable } from './ownership.ts';

const SEEN = 1;
const DIRECTORY = 2;
const SYMLINK = 4;
const EXECUTABLE = 8;
/** A folder that no member is for: tar makes it on the way to one below it. */
const IMPLIED = 16;
/** Somebody read the file's content. */
const READ = 32;

const MOST_HOPS = 40;

export interface Kind {
  directory: boolean;
  symlink: string | null;
  executable: boolean;
  owned: Ownership;
}

/** Why tar cannot put a member where its name says. */
export type PathConflict = 'below-symlink' | 'below-file';

/**
 * The paths of an image, at about 10 bytes a path: 64-bit hashes instead of names, and symlinks with their targets.
 * A million members stay below 30 MB.
 */
export class Tree {
  readonly symlinks = new Map<string, string>();
  /** Members; folders that tar makes by itself are not counted. */
  size = 0;
  readonly #budget: Budget;
  /** Members and the folders that tar makes for them. */
  entries = 0;
  #mask = (1 << 15) - 1;
  #a = new Uint32Array(1 << 15);
  #b = new Uint32Array(1 << 15);
  #flags = new Uint8Array(1 << 15);
  #owned = new Uint16Array(1 << 15);
  readonly #owners = new OwnershipTable();
  // A seed of its own for each image: nobody can prepare names that collide.
  readonly #seedA = randomInt(2 ** 31);
  readonly #seedB = randomInt(2 ** 31);
  #hashA = 0;
  #hashB = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /**
   * The path at which tar puts a member of that name: folders on the way are made where they are not there, and a symlink on the way is followed when
   * tar has made it already. Links that are absolute or have ".." in them it makes at the end: until then a plain file stands there.
   */
  place(path: string): { path: string } | { obstacle: PathConflict } {
    let here = path;
    for (let hops = 0; hops < MOST_HOPS; hops++) {
      const end = this.#folders(here);
      if (end === -1) return { path: here };
      const folder = here.slice(0, end);
      const target = this.symlinks.get(folder);
      if (target === undefined)
        return { obstacle: this.#flagsOf(folder) & SYMLINK ? 'below-symlink' : 'below-file' };
      const parts = target.split('/');
      if (target.startsWith('/') || parts.includes('..')) return { obstacle: 'below-symlink' };
      const parent = folder.slice(0, folder.lastIndexOf('/') + 1);
      const real = parent + parts.filter((part) => part !== '' && part !== '.').join('/');
      // tar makes no folder through a link.
      if (!this.isDirectory(real)) return { obstacle: 'below-symlink' };
      here = real.replace(/\/$/, '') + here.slice(end);
      if (here.startsWith('/')) here = here.slice(1);
      if (here.length > MOST_PATH) break;
    }
    return { obstacle: 'below-symlink' };
  }

  /** Adds a path that has its place; says whether it was there, as a member or as a folder made by tar, and whether as a directory. */
  add(path: string, kind: Kind): { known: boolean; wasMember: boolean; wasDirectory: boolean } {
    this.#hash(path);
    const slot = this.#slot();
    const before = this.#flags[slot]!;
    this.#put(
      slot,
      SEEN |
        (kind.directory ? DIRECTORY : 0) |
        (kind.symlink === null ? 0 : SYMLINK) |
        (kind.executable ? EXECUTABLE : 0),
      this.#owners.number(kind.owned),
    );
    if (kind.symlink !== null) {
      if (this.#budget.take(path.length + kind.symlink.length, 'symlinks'))
        this.symlinks.set(path, kind.symlink);
    } else if (before & SYMLINK) this.symlinks.delete(path);
    const known = (before & (SEEN | IMPLIED)) !== 0;
    if (!(before & SEEN)) this.size += 1;
    return { known, wasMember: (before & SEEN) !== 0, wasDirectory: (before & DIRECTORY) !== 0 };
  }

  /** Whether there is such a member, or a folder that tar makes; links are not followed. */
  has(path: string): boolean {
    return this.#flagsOf(path) !== 0;
  }

  /** The attributes that a hard link shares with its member; null for a folder or when there is none. */
  linkable(path: string): { owned: Ownership | null; symlink: string | null; executable: boolean } | null {
    this.#hash(path);
    const slot = this.#slot();
    const flags = this.#flags[slot]!;
    if (flags === 0 || flags & DIRECTORY) return null;
    const symlink = flags & SYMLINK ? (this.symlinks.get(path) ?? null) : null;
    return { owned: this.#owners.get(this.#owned[slot]!), symlink, executable: (flags & EXECUTABLE) !== 0 };
  }

  /** Notes that the content of a member was read. */
  markRead(path: string): void {
    this.#hash(path);
    const slot = this.#slot();
    if (this.#flags[slot] !== 0) this.#flags[slot]! |= READ;
  }

  wasRead(path: string): boolean {
    return (this.#flagsOf(path) & READ) !== 0;
  }

  /** Whether the path leads to something, links followed inside the image. */
  exists(path: string): boolean {
    return this.resolve(path) !== null;
  }

  isDirectory(path: string): boolean {
    const real = this.resolve(path);
    return real !== null && (real === '' || (this.#flagsOf(real) & DIRECTORY) !== 0);
  }

  executable(path: string): boolean {
    const real = this.resolve(path);
    return real !== null && (this.#flagsOf(real) & EXECUTABLE) !== 0;
  }

  /** The member a path leads to, symlinks followed as in a chroot; null when it dangles, loops or was not seen. */
  resolve(path: string): string | null {
    const result = this.#walk(path);
    return result === 'loop' ? null : result;
  }

  loops(path: string): boolean {
    return this.#walk(path) === 'loop';
  }

  /** Reads a path part by part from its front, as the kernel does; a link costs one more reading of what is left, and there are few. */
  #walk(path: string): string | null | 'loop' {
    let todo = path;
    const done: string[] = [];
    const hashes: [number, number][] = [[this.#seedA, this.#seedB]];
    for (let at = 0, hops = 0; at < todo.length; ) {
      const slash = todo.indexOf('/', at);
      const part = todo.slice(at, slash === -1 ? todo.length : slash);
      at = slash === -1 ? todo.length : slash + 1;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (done.length > 0) hashes.length = done.length;
        done.pop();
        continue;
      }
      done.push(part);
      hashes.push(this.#further(hashes.at(-1)!, done.length > 1 ? `/${part}` : part));
      if (!(this.#flags[this.#slot()]! & SYMLINK)) continue;
      const target = this.symlinks.get(done.join('/'));
      if (target === undefined) continue;
      hops += 1;
      const rest = todo.slice(at);
      if (hops > MOST_HOPS || target.length + rest.length > 2 * MOST_PATH) return 'loop';
      todo = `${target}/${rest}`;
      at = 0;
      done.length = target.startsWith('/') ? 0 : done.length - 1;
      hashes.length = done.length + 1;
    }
    const real = done.join('/');
    return real === '' || this.has(real) ? real : null;
  }

  /** The hash of a text that goes on, left in #hashA and #hashB as well. */
  #further([a, b]: readonly [number, number], text: string): [number, number] {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x5bd1e995);
      b ^= b >>> 15;
    }
    this.#hashA = (a ^ (a >>> 16)) >>> 0;
    this.#hashB = (b ^ (b >>> 13)) >>> 0;
    return [a, b];
  }

  /** Makes the folders above a path. @returns the end of what is in the way, a link or a file; -1 when nothing is */
  #folders(path: string): number {
    let hash: [number, number] = [this.#seedA, this.#seedB];
    for (let from = 0, end = path.indexOf('/'); end !== -1; from = end, end = path.indexOf('/', end + 1)) {
      hash = this.#further(hash, path.slice(from, end));
      const slot = this.#slot();
      const flags = this.#flags[slot]!;
      if (flags === 0) this.#put(slot, IMPLIED | DIRECTORY, 0);
      else if (!(flags & DIRECTORY)) return end;
    }
    return -1;
  }

  #flagsOf(path: string): number {
    this.#hash(path);
    return this.#flags[this.#slot()]!;
  }

  /** Leaves the hash in #hashA and #hashB. */
  #hash(path: string): void {
    this.#further([this.#seedA, this.#seedB], path);
  }

  /** The slot of the current hash, or the free one where it belongs. */
  #slot(): number {
    let slot = (this.#hashA ^ Math.imul(this.#hashB, 0x9e3779b1)) & this.#mask;
    while (this.#flags[slot] !== 0 && (this.#a[slot] !== this.#hashA || this.#b[slot] !== this.#hashB))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  /** Sets what is known of the current hash. */
  #put(slot: number, flags: number, owned: number): void {
    const free = this.#flags[slot] === 0;
    this.#owned[slot] = owned;
    this.#a[slot] = this.#hashA;
    this.#b[slot] = this.#hashB;
    this.#flags[slot] = flags;
    if (!free) return;
    this.entries += 1;
    if (this.entries * 1.7 > this.#mask) this.#grow();
  }

  #grow(): void {
    const [a, b, flags, owned] = [this.#a, this.#b, this.#flags, this.#owned];
    const capacity = flags.length * 2;
    this.#mask = capacity - 1;
    this.#a = new Uint32Array(capacity);
    this.#b = new Uint32Array(capacity);
    this.#flags = new Uint8Array(capacity);
    this.#owned = new Uint16Array(capacity);
    for (let i = 0; i < flags.length; i++) {
      if (flags[i] === 0) continue;
      this.#hashA = a[i]!;
      this.#hashB = b[i]!;
      const slot = this.#slot();
      this.#a[slot] = a[i]!;
      this.#b[slot] = b[i]!;
      this.#flags[slot] = flags[i]!;
      this.#owned[slot] = owned[i]!;
    }
  }
}
