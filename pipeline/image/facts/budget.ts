/** Bytes kept of one image in all: links, file contents, lists. A DGX OS image needs half of it; with it a process stays below 150 MB. */
const MOST = 22 << 20;

/** The cost of a kept string or table entry beside its own bytes. */
const OVERHEAD = 112;

/** Counts what is kept of an image, whoever keeps it: one limit for everything. */
export class Budget {
  /** Entries that could not be kept any more, in words for people; null while all could. */
  exceeded: string | null = null;
  #left = MOST;

  /** Takes room for an entry of so many bytes. @returns false when there is none left: what it was for is noted */
  take(bytes: number, what: string): boolean {
    const cost = bytes + OVERHEAD;
    if (cost > this.#left) {
      this.exceeded ??= what;
      return false;
    }
    this.#left -= cost;
    return true;
  }
}
