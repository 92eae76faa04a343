/** The description of a kernel module by itself (its section .modinfo), as far as checks ask. */
export interface ModuleInfo {
  /** Of the driver, where its source names one. */
  version: string | null;
  /** The kernel that it was built for: the first word of vermagic. */
  kernel: string | null;
}

/** Bytes looked at on each side of a string found: .modinfo of a driver with hundreds of aliases has a few ten thousand. */
const REACH = 64 << 10;
const SIZE = 4 * REACH;
/** Longer values are cut. */
const LONGEST = 200;

const VERMAGIC = Buffer.from('vermagic=');
const VERSION = Buffer.from('version=');

/** Strings that distinguish .modinfo from text of the driver: every module has vermagic, and those of hand the others. */
const RANKS: readonly (readonly string[])[] = [['vermagic'], ['license', 'srcversion', 'depends', 'name']];

/**
 * Reads a kernel module as it comes, in constant memory: nvidia.ko has up to 170 MB, and the table that says where .modinfo is comes at
 * its end. The section is a row of strings `key=value` with NUL after each (the kernel's include/linux/moduleparam.h); of several such rows
 * the one with vermagic counts. modinfo of kmod 30 says the same of every module of Debian's kernel 6.1. One reader is for one module
 * after the other.
 */
export class ModinfoReader {
  readonly #data = Buffer.allocUnsafe(SIZE);
  #filled = 0;
  /** The start of the next search: everything before it was looked at. */
  #from = 0;
  #best: { rank: number; values: Map<string, string> } | null = null;

  write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.copy(this.#data, this.#filled, at);
      this.#filled += taken;
      at += taken;
      if (this.#filled < SIZE) continue;
      this.#search(SIZE - REACH);
      const gone = SIZE - 2 * REACH;
      this.#data.copyWithin(0, gone);
      this.#filled -= gone;
      this.#from = Math.max(0, this.#from - gone);
    }
  }

  /** Ends a module; the next one can come. @returns null when it has no such section */
  end(): ModuleInfo | null {
    this.#search(this.#filled);
    const values = this.#best?.values;
    this.#filled = 0;
    this.#from = 0;
    this.#best = null;
    if (!values) return null;
    return { version: values.get('version') ?? null, kernel: values.get('vermagic')?.split(' ')[0] || null };
  }

  /** Looks for strings that begin before `end`; what follows them is there. */
  #search(end: number): void {
    if (this.#best?.rank === 0) return;
    const data = this.#data.subarray(0, this.#filled);
    while (this.#from < end) {
      const at = nearest(data, this.#from);
      if (at === -1 || at >= end) {
        this.#from = end;
        return;
      }
      this.#from = this.#row(data, at);
      if (this.#best?.rank === 0) return;
    }
  }

  /** Takes the row of strings around one of them. @returns where it ends */
  #row(data: Buffer, at: number): number {
    const values = new Map<string, string>();
    const low = Math.max(this.#from, at - REACH);
    let start = at;
    for (let end = before(data, start, low); end > low; end = before(data, start, low)) {
      const first = Math.max(low, data.subarray(low, end).lastIndexOf(0) + low + 1);
      if (!isEntry(data, first, end)) break;
      start = first;
    }
    let end = at;
    for (let first = start; first < data.length; first = after(data, end)) {
      const stop = data.indexOf(0, first);
      if (stop === -1 || !isEntry(data, first, stop)) break;
      const equals = data.indexOf(61, first);
      const key = data.toString('latin1', first, Math.min(equals, first + LONGEST));
      if (!values.has(key) && WANTED.has(key))
        values.set(key, data.toString('latin1', equals + 1, Math.min(stop, equals + 1 + LONGEST)));
      end = stop;
    }
    const rank = RANKS.findIndex((keys) => keys.some((key) => values.has(key)));
    const weight = rank === -1 ? RANKS.length : rank;
    if (values.size > 0 && (this.#best === null || weight < this.#best.rank))
      this.#best = { rank: weight, values };
    return Math.max(end, at + 1);
  }
}

const WANTED = new Set(['version', ...RANKS.flat()]);

/** The next place where a string begins that names a version; -1 when there is none. */
function nearest(data: Buffer, from: number): number {
  for (let at = from; ; at += 1) {
    // "vermagic=" and "version=" share their beginning, and both are rare.
    at = data.indexOf('ver', at, 'latin1');
    if (at === -1) return -1;
    if (at > 0 && data[at - 1] !== 0) continue;
    for (const key of [VERMAGIC, VERSION])
      if (data.compare(key, 0, key.length, at, Math.min(at + key.length, data.length)) === 0) return at;
  }
}

/** The end of the string before a place, NUL bytes between them passed over. */
function before(data: Buffer, at: number, low: number): number {
  let end = at;
  while (end > low && data[end - 1] === 0) end -= 1;
  return end === at ? low : end;
}

/** The beginning of the string after one that ends here. */
function after(data: Buffer, end: number): number {
  let first = end;
  while (first < data.length && data[first] === 0) first += 1;
  return first;
}

/** Whether bytes are `key=value` in printable characters. */
function isEntry(data: Buffer, first: number, end: number): boolean {
  let key = true;
  for (let at = first; at < end; at += 1) {
    const byte = data[at]!;
    if (key && byte === 61) {
      if (at === first) return false;
      key = false;
    } else if (key ? !isKey(byte) : byte < 32 && byte !== 9 && byte !== 10) return false;
  }
  return !key;
}

const isKey = (byte: number): boolean =>
  (byte >= 97 && byte <= 122) ||
  (byte >= 65 && byte <= 90) ||
  (byte >= 48 && byte <= 57) ||
  byte === 95 ||
  byte === 45 ||
  byte === 46;

/** As ModinfoReader, of a module that is at hand. */
export function readModinfo(bytes: Buffer): ModuleInfo | null {
  const reader = new ModinfoReader();
  reader.write(bytes);
  return reader.end();
}
