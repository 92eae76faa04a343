import type { Readable } from 'node:stream';
import { shown } from '../tar/names.ts';
import { expand, type Sparse } from '../tar/sparse.ts';
import type { Budget } from './budget.ts';
import type { Collector, Member, MemberReader } from './collector.ts';
import type { ImageFacts } from './facts.ts';
import { KeptFiles } from './kept-files.ts';
import type { Tree } from './tree.ts';

/** Directories whose files are looked for by name: behind a link they would not be found. */
const WATCHED = new Set('etc etc/apt etc/apt/sources.list.d etc/cloud etc/netplan curtin'.split(' '));

/** The few files that are read whole, for the collectors that asked; and which of them could not be read. */
export class Contents {
  readonly unread: ImageFacts['unread'] = [];
  readonly files: KeptFiles;
  /** Files being read just now. */
  reading = 0;
  readonly #collectors: readonly Collector<unknown>[];
  readonly #hardLinks: { path: string; target: string }[] = [];
  readonly #tree: Tree;
  readonly #budget: Budget;

  constructor(collectors: readonly Collector<unknown>[], tree: Tree, budget: Budget) {
    this.#collectors = collectors;
    this.#tree = tree;
    this.#budget = budget;
    this.files = new KeptFiles(budget);
  }

  /** Whether a member's data is read; one that is too large is noted as unread. */
  wants({ path, type, size, stored }: Member): boolean {
    if (type !== 'file') return false;
    const most = this.#most(path);
    if (most === 0) return false;
    if (size <= most && stored <= most * 2) return true;
    if (this.#most(path, true) > 0) this.#unreadable(path, `it has ${size} bytes, more than ${most}`);
    return false;
  }

  /** Reads a member's stream to its end and hands it out; `done` when the next member may come. */
  read(
    path: string,
    bodySize: number,
    sparse: Sparse | null,
    stream: Pick<Readable, 'on'>,
    done: () => void,
  ): void {
    this.reading += 1;
    const stored = Buffer.alloc(bodySize);
    let filled = 0;
    stream.on('data', (part) => {
      filled += (part as Buffer).copy(stored, filled);
    });
    stream.on('end', () => {
      this.reading -= 1;
      const bytes = sparse ? expand(sparse, stored) : stored;
      if (bytes) this.#handOut(path, bytes);
      else this.#unreadable(path, 'its map of holes does not fit its data');
      done();
    });
  }

  /** The collector that reads this file as a stream. */
  readers(member: Member): MemberReader[] {
    if (member.type !== 'file') return [];
    return this.#collectors.flatMap((collector) => collector.stream?.(member) ?? []);
  }

  hardLink(path: string, target: string): void {
    this.files.hardLink(path, target);
    if (this.#most(path, true) > 0 && this.#budget.take(path.length + target.length, 'hard links'))
      this.#hardLinks.push({ path, target });
  }

  /** A wanted file that is a link to one nobody wanted was not read: its checks must not pass. */
  followLinks(): void {
    const tree = this.#tree;
    this.files.complete(tree);
    for (const { path, target } of this.#hardLinks)
      if (!tree.wasRead(path)) this.#unreadable(path, `it is a hard link to ${shown(target)}`);
    for (const path of tree.symlinks.keys()) {
      if (WATCHED.has(path)) this.#unreadable(path, 'it is a link where a directory belongs');
      if (this.#most(path, true) === 0) continue;
      const real = tree.resolve(path);
      if (real !== null && !tree.wasRead(real)) this.#unreadable(path, `it is a link to ${shown(real)}`);
    }
  }

  #unreadable(path: string, why: string): void {
    if (this.#budget.take(path.length + why.length, 'files that cannot be read'))
      this.unread.push({ path: shown(path), why });
  }

  #handOut(path: string, bytes: Buffer): void {
    this.#tree.markRead(path);
    if (this.files.wants(path) >= bytes.length) this.files.content(path, bytes);
    for (const collector of this.#collectors) {
      const most = collector.wants?.(path) ?? 0;
      if (most === 0 || most < bytes.length) continue;
      // A collector whose file is not a loss looks at it and lets it go; the others may keep it.
      if (collector.optional || this.#budget.take(bytes.length, 'files that checks read'))
        collector.content?.(path, bytes);
    }
  }

  /** Bytes that any collector would take of a file; `required`: only those whose checks need it. */
  #most(path: string, required = false): number {
    let most = required ? 0 : this.files.wants(path);
    for (const collector of this.#collectors) {
      if (required && collector.optional) continue;
      const wanted = collector.wants?.(path) ?? 0;
      if (wanted > most) most = wanted;
    }
    return most;
  }
}
