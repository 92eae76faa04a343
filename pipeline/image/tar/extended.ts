import { text } from './header.ts';
import { parsePax } from './pax.ts';

/** Types of headers that only say something of a later member: PAX (Solaris' X is one), PAX for all, GNU's long name and long link. */
export const EXTENDED_TYPES = 'xXgLK';

/** Records that a global header must not set: readers differ in whether they apply them. */
const NEVER_GLOBAL = /^(?:path|linkpath|size|GNU\.sparse\.|GNU\.dumpdir$|SCHILY\.)/;

const NONE: ReadonlyMap<string, Buffer> = new Map();

/** The records of extended headers for the next member. */
export interface Extension {
  name: string | null;
  link: string | null;
  pax: ReadonlyMap<string, Buffer>;
  /** Whether a PAX header of its own came before the member: without one, GNU tar does not take it for POSIX. */
  posix: boolean;
}

const PLAIN: Extension = { name: null, link: null, pax: NONE, posix: false };

/** Gathers extended headers until their member comes; the last of each kind counts. */
export class Extended {
  #global = NONE;
  #own: ReadonlyMap<string, Buffer> | null = null;
  #name: string | null = null;
  #link: string | null = null;
  /** Whether a member is still to come for what was read. */
  pending = false;

  /** Takes the body of an extended header. @returns what is wrong with it, or null */
  add(type: string, body: Buffer): { kind: 'broken-header' | 'ambiguous'; text: string } | null {
    if (type !== 'g') this.pending = true;
    if (type === 'L') this.#name = text(body, 0, body.length);
    else if (type === 'K') this.#link = text(body, 0, body.length);
    else {
      const records = parsePax(body);
      if (!records) return { kind: 'broken-header', text: 'a PAX header is malformed' };
      if (type !== 'g') this.#own = records;
      else {
        for (const key of records.keys())
          if (NEVER_GLOBAL.test(key))
            return {
              kind: 'ambiguous',
              text: `a global PAX header sets "${key.slice(0, 80)}" for all members`,
            };
        this.#global = records;
      }
    }
    return null;
  }

  /** The values for the member whose header was just read. */
  take(): Extension {
    if (!this.pending && this.#global.size === 0) return PLAIN;
    const own = this.#own;
    const extension = {
      name: this.#name,
      link: this.#link,
      pax: own === null ? this.#global : this.#global.size === 0 ? own : new Map([...this.#global, ...own]),
      posix: own !== null,
    };
    this.pending = false;
    this.#own = this.#name = this.#link = null;
    return extension;
  }
}
