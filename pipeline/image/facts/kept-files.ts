import { shown } from '../tar/names.ts';
import type { Budget } from './budget.ts';
import type { Tree } from './tree.ts';

/** The files that are kept whole, and the most bytes of each: those that programs on the machine read as configuration, in an order of their own. */
const KEPT: readonly { path: RegExp; most: number }[] = [
  { path: /^etc\//, most: 256 << 10 },
  {
    path: /^(?:usr\/)?lib\/(?:systemd|environment\.d|NetworkManager|sysctl\.d|netplan|udev\/rules\.d)\//,
    most: 64 << 10,
  },
  {
    path: /^(?:usr\/local\/lib\/systemd|usr\/share\/netplan|run\/systemd|var\/lib\/snapd\/state\.json|usr\/lib\/os-release$)/,
    most: 64 << 10,
  },
  // Files in which people and builds keep proxies, and those that shells begin with.
  {
    path: /^(?:root|home\/[^/]+)\/\.(?:wgetrc|curlrc|npmrc|gitconfig|gemrc|condarc|pam_environment|profile|bash(?:rc|_profile|_login)|z(?:shrc|shenv|profile)|docker\/config\.json|pip\/pip\.conf|cargo\/config(?:\.toml)?|subversion\/servers|config\/(?:curlrc|pip\/pip\.conf|git\/config|environment\.d\/[^/]+))$/,
    most: 64 << 10,
  },
  {
    path: /^(?:usr\/(?:local\/)?etc\/npmrc|opt\/(?:mini)?conda3?\/\.condarc|var\/lib\/ubuntu-advantage\/(?:private\/)?user-config\.json|var\/snap\/docker\/[^/]+\/config\/daemon\.json|usr\/share\/glib-2\.0\/schemas\/[^/]+\.gschema\.override)$/,
    most: 64 << 10,
  },
];

/** A file is found by its path and listed in its folder: more than one entry each. */
const FILE_OVERHEAD = 150;

/**
 * The small files of an image that are kept whole until it was read to its end, for collectors whose program reads files in its own
 * order, follows includes or lets a later file win. Their bytes go no further than the collectors.
 */
export class KeptFiles {
  /** Why a file that is there could not be read, by path. */
  readonly unread = new Map<string, string>();
  /** Bytes as latin1 text: a buffer of its own for each of many small files would cost more than they. */
  readonly #files = new Map<string, string>();
  readonly #hardLinks = new Map<string, string>();
  readonly #budget: Budget;
  #tree: Tree | null = null;
  #folders: Map<string, string[]> | null = null;
  #folderNames: Map<string, Set<string>> | null = null;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Bytes of this file that are kept at most; 0: it is not kept. */
  wants(path: string): number {
    for (const { path: pattern, most } of KEPT) if (pattern.test(path)) return most;
    return 0;
  }

  content(path: string, bytes: Buffer): void {
    if (this.#budget.take(path.length + bytes.length + FILE_OVERHEAD, 'configuration files'))
      this.#files.set(path, bytes.toString('latin1'));
  }

  hardLink(path: string, target: string): void {
    if (this.wants(path) > 0 && this.#budget.take(path.length + target.length, 'hard links'))
      this.#hardLinks.set(path, target);
  }

  /** From here on links are followed; called once, when the archive was read to its end. */
  complete(tree: Tree): void {
    this.#tree = tree;
  }

  /**
   * The bytes of a file, links followed as in a chroot; null when there is none. A file that is there and was not kept (too large,
   * or behind a link to somewhere else) is noted in `unread` and also gives null: checks that read it must not pass.
   */
  bytes(path: string): Buffer | null {
    const real = this.#tree?.resolve(path) ?? null;
    if (real === null) return null;
    const found = this.#files.get(real) ?? this.#files.get(this.#hardLinks.get(real) ?? '');
    if (found !== undefined) return Buffer.from(found, 'latin1');
    if (!this.#tree?.isDirectory(real) && this.unread.size < 100)
      this.unread.set(
        shown(path),
        real === path ? 'it is too large or no plain file' : `it leads to ${shown(real)}, which is not read`,
      );
    return null;
  }

  /** As `bytes`, as text in UTF-8. */
  text(path: string): string | null {
    return this.bytes(path)?.toString() ?? null;
  }

  /** Names of what lies directly in a folder that is kept, links among them, in byte order; links to the folder are followed. */
  list(folder: string): string[] {
    const real = this.#tree?.resolve(folder) ?? folder;
    return this.#index().get(real) ?? [];
  }

  /** Names of the folders directly in a folder that hold anything kept, at whatever depth. */
  folders(folder: string): string[] {
    const real = this.#tree?.resolve(folder) ?? folder;
    if (!this.#folderNames) {
      this.#folderNames = new Map();
      for (const path of this.#index().keys())
        for (let end = path.length; end > 0; ) {
          const cut = path.lastIndexOf('/', end - 1);
          const above = path.slice(0, Math.max(cut, 0));
          const names = this.#folderNames.get(above);
          const name = path.slice(cut + 1, end);
          // The parents of a known path are known, too.
          if (names?.has(name)) break;
          if (names) names.add(name);
          else this.#folderNames.set(above, new Set([name]));
          end = cut;
        }
    }
    return [...(this.#folderNames.get(real) ?? [])];
  }

  /** Every path kept, links among them, in byte order. */
  paths(): string[] {
    return [...this.#index()].flatMap(([folder, names]) => names.map((n) => (folder ? `${folder}/${n}` : n)));
  }

  #index(): Map<string, string[]> {
    if (this.#folders) return this.#folders;
    const folders = new Map<string, string[]>();
    const add = (path: string) => {
      const cut = path.lastIndexOf('/');
      const folder = path.slice(0, Math.max(cut, 0));
      const names = folders.get(folder);
      if (names) names.push(path.slice(cut + 1));
      else folders.set(folder, [path.slice(cut + 1)]);
    };
    for (const path of this.#files.keys()) add(path);
    for (const path of this.#hardLinks.keys()) if (!this.#files.has(path)) add(path);
    for (const path of this.#tree?.symlinks.keys() ?? []) if (this.wants(path) > 0) add(path);
    // Paths are latin1 text, a character a byte: the order of characters is the order of bytes.
    for (const names of folders.values()) names.sort();
    this.#folders = folders;
    return folders;
  }
}
