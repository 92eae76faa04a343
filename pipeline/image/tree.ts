import { randomInt } from 'node:crypto';

const DIRECTORY = 2;
const SYMLINK = 4;
const EXECUTABLE = 8;
const SEEN = 1;

const MOST_LINKS = 100_000;
const MOST_HOPS = 40;

/**
 * Which paths an image has, at about 12 bytes a path: 64-bit hashes instead of names, and symlinks with their targets.
 * A million members stay below 30 MB.
 */
export class Tree {
  readonly symlinks = new Map<string, string>();
  size = 0;
  #mask = (1 << 15) - 1;
  #a = new Uint32Array(1 << 15);
  #b = new Uint32Array(1 << 15);
  #flags = new Uint8Array(1 << 15);
  // A seed of its own for each image: nobody can prepare names that collide.
  readonly #seedA = randomInt(2 ** 31);
  readonly #seedB = randomInt(2 ** 31);
  #hashA = 0;
  #hashB = 0;

  /** Adds a path; says whether it was there, whether as a directory, and whether it lies below a symlink. */
  add(
    path: string,
    kind: { directory: boolean; symlink: string | null; executable: boolean },
  ): { known: boolean; wasDirectory: boolean; belowSymlink: boolean } {
    const belowSymlink = this.#hash(path, this.symlinks.size > 0);
    const slot = this.#slot();
    const before = this.#flags[slot]!;
    this.#a[slot] = this.#hashA;
    this.#b[slot] = this.#hashB;
    this.#flags[slot] =
      SEEN |
      (kind.directory ? DIRECTORY : 0) |
      (kind.symlink === null ? 0 : SYMLINK) |
      (kind.executable ? EXECUTABLE : 0);
    if (kind.symlink !== null && this.symlinks.size < MOST_LINKS) this.symlinks.set(path, kind.symlink);
    else if (before & SYMLINK) this.symlinks.delete(path);
    if (!before) {
      this.size += 1;
      if (this.size * 1.7 > this.#mask) this.#grow();
    }
    return { known: before !== 0, wasDirectory: (before & DIRECTORY) !== 0, belowSymlink };
  }

  /** Whether there is such a member; links are not followed. */
  has(path: string): boolean {
    return this.#get(path) !== 0;
  }

  /** Whether the path leads to something, links followed inside the image. */
  exists(path: string): boolean {
    return this.resolve(path) !== null;
  }

  isDirectory(path: string): boolean {
    const real = this.resolve(path);
    return real !== null && (real === '' || (this.#get(real) & DIRECTORY) !== 0);
  }

  executable(path: string): boolean {
    const real = this.resolve(path);
    return real !== null && (this.#get(real) & EXECUTABLE) !== 0;
  }

  /** The member a path leads to, symlinks followed as in a chroot; null when it dangles, loops or was not seen. */
  resolve(path: string): string | null {
    const result = this.#walk(path);
    return result === 'loop' ? null : result;
  }

  loops(path: string): boolean {
    return this.#walk(path) === 'loop';
  }

  #walk(path: string): string | null | 'loop' {
    const todo = path.split('/').reverse();
    const done: string[] = [];
    let hops = 0;
    while (todo.length > 0) {
      const part = todo.pop()!;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        done.pop();
        continue;
      }
      done.push(part);
      const here = done.join('/');
      const target = this.symlinks.get(here);
      if (target === undefined) continue;
      hops += 1;
      if (hops > MOST_HOPS) return 'loop';
      if (target.startsWith('/')) done.length = 0;
      else done.pop();
      todo.push(...target.split('/').reverse());
      if (todo.length > 4096) return 'loop';
    }
    const real = done.join('/');
    return real === '' || this.has(real) ? real : null;
  }

  #get(path: string): number {
    this.#hash(path, false);
    return this.#flags[this.#slot()]!;
  }

  /** Leaves the hash in #hashA and #hashB; true when `links` and an ancestor is a symlink. */
  #hash(path: string, links: boolean): boolean {
    let a = this.#seedA;
    let b = this.#seedB;
    let below = false;
    for (let i = 0; i < path.length; i++) {
      const code = path.charCodeAt(i);
      if (links && code === 0x2f) {
        this.#finish(a, b);
        if (this.#flags[this.#slot()]! & SYMLINK) below = true;
      }
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x5bd1e995);
      b ^= b >>> 15;
    }
    this.#finish(a, b);
    return below;
  }

  #finish(a: number, b: number): void {
    this.#hashA = (a ^ (a >>> 16)) >>> 0;
    this.#hashB = (b ^ (b >>> 13)) >>> 0;
  }

  /** The slot of the current hash, or the free one where it belongs. */
  #slot(): number {
    let slot = (this.#hashA ^ Math.imul(this.#hashB, 0x9e3779b1)) & this.#mask;
    while (this.#flags[slot] !== 0 && (this.#a[slot] !== this.#hashA || this.#b[slot] !== this.#hashB))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  #grow(): void {
    const [a, b, flags] = [this.#a, this.#b, this.#flags];
    const capacity = flags.length * 2;
    this.#mask = capacity - 1;
    this.#a = new Uint32Array(capacity);
    this.#b = new Uint32Array(capacity);
    this.#flags = new Uint8Array(capacity);
    for (let i = 0; i < flags.length; i++) {
      if (flags[i] === 0) continue;
      this.#hashA = a[i]!;
      this.#hashB = b[i]!;
      const slot = this.#slot();
      this.#a[slot] = a[i]!;
      this.#b[slot] = b[i]!;
      this.#flags[slot] = flags[i]!;
    }
  }
}
