import type { PasswdEntry } from '../../parsers/accounts.ts';
import { countKeys } from '../../parsers/authorized-keys.ts';
import { shown } from '../../tar/names.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Tree } from '../tree.ts';

/** A file of keys, and what it opens. */
export interface KeyFile {
  file: string;
  /** Keys in it; null when it is there and was not read. */
  keys: number | null;
  /** The account that sshd reads it for; null when there is none now. */
  account: string | null;
  /** Why it counts although sshd reads it for no account. */
  waits?: 'skeleton' | 'home' | 'elsewhere';
  /** The account has no shell: ports can be forwarded. */
  shell: boolean;
}

/** Homes that an account gets later: of cloud-init's user, or a copy for every new one. */
const HOMES = /^(?:root|home\/[^/]+|etc\/skel)\/\.ssh\/authorized_keys2?$/;
const MOST_FILES = 5000;
const MOST_FOUND = 100;
const MOST_PATTERNS = 20;

/** Counts the keys of files that could be anybody's; the keys themselves are not kept. */
export class KeyFiles {
  readonly #counts = new Map<string, number>();

  /** Whether a file is named as people name files of keys: where sshd looks is known only after the archive was read. */
  wants(path: string): boolean {
    // Asked for every member: no text is cut off unless the name is one.
    const cut = path.lastIndexOf('/');
    if (cut >= 4 && path.startsWith('.ssh', cut - 4))
      return !/^(?:known_hosts|config$|id_)/.test(path.slice(cut + 1));
    return path.includes('uthorized', cut) && !/^usr\/(?:share|src|include)\//.test(path);
  }

  content(path: string, bytes: Buffer): void {
    if (this.#counts.size < MOST_FILES) this.#counts.set(path, countKeys(bytes.toString('latin1')));
  }

  /**
   * The files that let somebody in.
   * @param patterns values of AuthorizedKeysFile that are in force for somebody
   */
  find(patterns: readonly string[], passwd: readonly PasswdEntry[], tree: Tree, files: KeptFiles): KeyFile[] {
    const found = new Map<string, KeyFile>();
    const read = new Set<string>();
    for (const entry of passwd)
      for (const pattern of patterns.slice(0, MOST_PATTERNS)) {
        const path = keysPath(pattern, entry);
        const real = path === null ? null : tree.resolve(path);
        if (real === null || tree.isDirectory(real)) continue;
        read.add(real);
        const keys = this.#counts.get(real) ?? keptKeys(files, real);
        if (keys !== 0 && found.size < MOST_FOUND)
          found.set(`${path}\0${entry.name}`, {
            file: `/${shown(path!)}`,
            keys,
            account: shown(entry.name),
            shell: !/\/(?:nologin|false)$/.test(entry.shell),
          });
      }
    const homes = new Set(passwd.map(({ home }) => home.replace(/^\/+|\/+$/g, '')));
    for (const [path, keys] of this.#counts) {
      if (keys === 0 || read.has(path) || !HOMES.test(path) || found.size >= MOST_FOUND) continue;
      const home = path.slice(0, path.indexOf('/.ssh/'));
      const waits = home === 'etc/skel' ? 'skeleton' : homes.has(home) ? 'elsewhere' : 'home';
      found.set(path, { file: `/${shown(path)}`, keys, account: null, waits, shell: true });
    }
    return [...found.values()];
  }
}

function keptKeys(files: KeptFiles, path: string): number | null {
  const text = files.text(path);
  return text === null ? null : countKeys(text);
}

/** AuthorizedKeysFile for an account, without its leading slash; a relative one lies in the home. */
function keysPath(pattern: string, { name, uid, home }: PasswdEntry): string | null {
  if (pattern.toLowerCase() === 'none') return null;
  const tokens: Record<string, string> = { '%%': '%', '%h': home, '%u': name, '%U': String(uid) };
  const path = pattern.slice(0, 1000).replace(/%./g, (token) => tokens[token] ?? token);
  const whole = path.startsWith('/') ? path : `${home}/${path}`;
  return whole
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
