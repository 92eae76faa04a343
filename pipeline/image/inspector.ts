import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ExtractEvents, extract } from 'tar-stream';
import { collectors, composeFacts, type Finished } from './collect/all.ts';
import type { Collector, Member, MemberType } from './collector.ts';
import type { ImageFacts, ProblemKind } from './facts.ts';
import { normalise, shown, unsafe } from './names.ts';
import { Problems } from './problems.ts';
import { expand } from './sparse.ts';
import { type Preamble, Tap } from './tap.ts';
import { Tree } from './tree.ts';

export interface InspectorOptions {
  /** Members beyond this are no root file system's: reading stops. */
  mostMembers?: number;
  /** Bytes of tar beyond this are no image's: reading stops. */
  mostBytes?: number;
  /** Ends the programs that check a hook's syntax. */
  signal?: AbortSignal;
}

type Header = ExtractEvents['entry'][0];
type Entry = ExtractEvents['entry'][1];

const TYPES: Record<string, MemberType> = {
  file: 'file',
  'contiguous-file': 'file',
  link: 'hard-link',
  symlink: 'symlink',
  directory: 'directory',
  'character-device': 'character-device',
  'block-device': 'block-device',
  fifo: 'fifo',
};

/** Directories whose files are looked for by name: behind a link they would not be found. */
const WATCHED = new Set(
  'etc etc/ssh etc/ssh/sshd_config.d etc/sudoers.d etc/apt etc/apt/sources.list.d etc/cloud etc/netplan root root/.ssh curtin'.split(
    ' ',
  ),
);

const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

/**
 * Reads the uncompressed bytes of a tar, in order, in constant memory, and gathers facts. A bad archive is never a
 * stream error: it is a problem in the facts, and the rest of the bytes is let pass. A chunk may be used again once its write
 * has called back.
 */
export class Inspector extends Writable {
  readonly #options: Required<Omit<InspectorOptions, 'signal'>> & { signal?: AbortSignal };
  readonly #tap = new Tap();
  readonly #tree = new Tree();
  readonly #problems = new Problems();
  readonly #collectors: ReturnType<typeof collectors>;
  readonly #every: Collector<unknown>[];
  readonly #unread: { path: string; why: string }[] = [];
  readonly #wantedLinks: { path: string; target: string }[] = [];
  readonly #read = new Set<string>();
  readonly #extract = extract({
    filenameEncoding: 'latin1',
    allowUnknownFormat: true,
    highWaterMark: 0,
  } as never);
  readonly #facts = Promise.withResolvers<ImageFacts>();
  #open = 0;
  #reading = 0;
  #stopped = false;

  constructor(options: InspectorOptions = {}) {
    super({ highWaterMark: 1 << 20 });
    this.#options = { mostMembers: 2_000_000, mostBytes: 2 ** 40, ...options };
    this.#collectors = collectors(options.signal);
    this.#every = Object.values(this.#collectors) as Collector<unknown>[];
    this.#facts.promise.catch(() => {});
    this.#extract.on('entry', (header, stream, next) => this.#entry(header, stream, next));
    this.#extract.on('error', (error: Error) => this.#stop('broken-header', error.message));
  }

  /** Resolved after `end()`; rejected when the stream was destroyed before. */
  facts(): Promise<ImageFacts> {
    return this.#facts.promise;
  }

  /** True when nothing more is read of the archive, whatever is written. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Bytes of tar taken so far. */
  get tarBytes(): number {
    return this.#tap.offset;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#take(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#finish().then(
      (facts) => {
        this.#facts.resolve(facts);
        done();
      },
      (error) => {
        this.#facts.reject(error);
        done(error);
      },
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#extract.destroy();
    this.#facts.reject(error ?? new Error('The image was not read to its end'));
    done(error);
  }

  async #take(chunk: Buffer): Promise<void> {
    if (this.#stopped) return;
    for (const piece of this.#tap.push(chunk)) {
      if (this.#stopped) return;
      if (!this.#extract.write(piece)) await this.#drained();
    }
    // What was pushed to a reader of content arrives in microtasks; after them the chunk is free.
    if (this.#reading > 0) await nextTurn();
    if (this.#tap.problem) this.#stop(this.#tap.problem.kind, this.#tap.problem.text);
    else if (this.#tap.offset > this.#options.mostBytes)
      this.#stop('too-large', `more than ${this.#options.mostBytes} bytes of tar`);
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#extract.off('drain', end).off('close', end);
        resolve();
      };
      this.#extract.on('drain', end).on('close', end);
    });
  }

  #stop(kind: ProblemKind, text: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#problems.add(kind, text);
    // Its writes are done or dropped; an unfinished member's content is not used.
    this.#extract.destroy();
  }

  async #finish(): Promise<ImageFacts> {
    this.#tap.end();
    const problem = this.#tap.problem;
    if (!this.#stopped && problem && problem.kind !== 'no-end') this.#stop(problem.kind, problem.text);
    if (!this.#stopped) {
      if (problem) this.#problems.add(problem.kind, problem.text);
      if (this.#tap.trailing > 0)
        this.#problems.add(
          'trailing-data',
          `${this.#tap.trailing} bytes that are not zero after the end of the archive`,
        );
      await new Promise<void>((resolve) => {
        this.#extract.on('close', () => resolve());
        this.#extract.end(undefined);
      });
    }
    this.#linksOfWanted();
    this.#loops();
    const parts: Record<string, unknown> = {};
    for (const [name, collector] of Object.entries(this.#collectors))
      parts[name] = await (collector as Collector<unknown>).finish(this.#tree);
    return composeFacts(parts as unknown as Finished, {
      members: this.#tree.size,
      tarBytes: this.#tap.offset,
      whole: !this.#stopped && this.#open === 0,
      problems: this.#problems.list(),
      unread: this.#unread,
    });
  }

  #entry(header: Header, stream: Entry, next: () => void): void {
    this.#open += 1;
    const done = () => {
      this.#open -= 1;
      next();
    };
    const preamble = this.#tap.preambles.shift();
    const member = preamble && this.#member(header, preamble);
    const cap = member?.type === 'file' ? this.#wanted(member.path) : 0;
    if (member && cap > 0) this.#content(member, preamble, cap, stream, done);
    else {
      stream.on('end', done);
      stream.resume();
    }
    stream.on('error', () => {});
  }

  /** The member as all tars agree on it, given to every collector; undefined when it has no place in the image. */
  #member(header: Header, { pax, sparse }: Preamble): Member | undefined {
    const name = (pax.get('GNU.sparse.name') ?? pax.get('path'))?.toString('latin1') ?? header.name;
    const danger = unsafe(name);
    if (danger) {
      this.#problems.add(danger, shown(name));
      return undefined;
    }
    const path = normalise(name);
    const type = typeOf(header, name, sparse !== null);
    if (type === 'other') this.#problems.add('unknown-type', shown(path));
    const link =
      type === 'symlink' || type === 'hard-link'
        ? (pax.get('linkpath')?.toString('latin1') ?? header.linkname ?? '')
        : null;
    const member: Member = {
      path,
      type,
      mode: header.mode ?? 0,
      uid: numeric(pax, 'uid') ?? header.uid ?? 0,
      gid: numeric(pax, 'gid') ?? header.gid ?? 0,
      size: type === 'file' ? (sparse?.size ?? header.size ?? 0) : 0,
      stored: type === 'file' ? (header.size ?? 0) : 0,
      sparse: sparse !== null,
      link,
      ...attributes(pax),
    };
    if (type === 'hard-link' && !this.#hardLink(member)) return undefined;
    const place = this.#tree.add(path, {
      directory: type === 'directory',
      symlink: type === 'symlink' ? link : null,
      executable: (member.mode & 0o111) !== 0,
    });
    if (place.belowSymlink) this.#problems.add('below-symlink', shown(path));
    if (place.known && !(place.wasDirectory && type === 'directory'))
      this.#problems.add('duplicate', shown(path));
    if (this.#tree.size > this.#options.mostMembers)
      this.#stop('too-many', `more than ${this.#options.mostMembers} members`);
    for (const collector of this.#every) collector.member?.(member);
    return member;
  }

  /** A hard link must lead to a member that came before it. */
  #hardLink(member: Member): boolean {
    const written = member.link ?? '';
    const target = normalise(written);
    if (unsafe(written) || target === member.path || !this.#tree.has(target)) {
      this.#problems.add('bad-hard-link', `${shown(member.path)} -> ${shown(written)}`);
      return false;
    }
    member.link = target;
    if (this.#wanted(member.path, true) > 0) this.#wantedLinks.push({ path: member.path, target });
    return true;
  }

  /** Bytes that any collector would take of a file; `required`: only those whose checks need it. */
  #wanted(path: string, required = false): number {
    let cap = 0;
    for (const collector of this.#every) {
      if (required && collector.optional) continue;
      const wanted = collector.wants?.(path) ?? 0;
      if (wanted > cap) cap = wanted;
    }
    return cap;
  }

  #content(member: Member, preamble: Preamble, cap: number, stream: Entry, done: () => void): void {
    if (member.size > cap || member.stored > cap * 2) {
      if (this.#wanted(member.path, true) > 0)
        this.#unread.push({ path: shown(member.path), why: `it has ${member.size} bytes, more than ${cap}` });
      stream.on('end', done);
      stream.resume();
      return;
    }
    const parts: Buffer[] = [];
    this.#reading += 1;
    stream.on('data', (part) => parts.push(Buffer.from(part as Buffer)));
    stream.on('end', () => {
      this.#reading -= 1;
      const stored = Buffer.concat(parts);
      const bytes = preamble.sparse ? expand(preamble.sparse, stored) : stored;
      if (!bytes)
        this.#unread.push({ path: shown(member.path), why: 'its map of holes does not fit its data' });
      else {
        this.#read.add(member.path);
        for (const collector of this.#every) {
          const most = collector.wants?.(member.path) ?? 0;
          if (most > 0 && most >= bytes.length) collector.content?.(member.path, bytes);
        }
      }
      done();
    });
  }

  /** A wanted file that is a link to one nobody wanted was not read: its checks must not pass. */
  #linksOfWanted(): void {
    for (const { path, target } of this.#wantedLinks)
      if (!this.#read.has(path))
        this.#unread.push({ path: shown(path), why: `it is a hard link to ${shown(target)}` });
    for (const path of this.#tree.symlinks.keys()) {
      if (WATCHED.has(path))
        this.#unread.push({ path: shown(path), why: 'it is a link where a directory belongs' });
      if (this.#wanted(path, true) === 0) continue;
      const real = this.#tree.resolve(path);
      if (real !== null && !this.#read.has(real))
        this.#unread.push({ path: shown(path), why: `it is a link to ${shown(real)}` });
    }
  }

  #loops(): void {
    for (const path of this.#tree.symlinks.keys())
      if (this.#tree.loops(path)) this.#problems.add('link-loop', shown(path));
  }
}

/** GNU's sparse files have no type in tar-stream, and the directories of old tars that of a file. */
function typeOf(header: Header, name: string, sparse: boolean): MemberType {
  const type = TYPES[header.type as string] ?? (sparse ? 'file' : 'other');
  return type === 'file' && name.endsWith('/') ? 'directory' : type;
}

function numeric(pax: ReadonlyMap<string, Buffer>, key: string): number | undefined {
  const value = pax.get(key)?.toString('latin1');
  return value !== undefined && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
}

function attributes(pax: ReadonlyMap<string, Buffer>): {
  xattrs: ReadonlyMap<string, Buffer>;
  acls: string[];
} {
  if (pax.size === 0) return { xattrs: NO_XATTRS, acls: [] };
  const xattrs = new Map<string, Buffer>();
  const acls: string[] = [];
  for (const [key, value] of pax) {
    if (key.startsWith('SCHILY.xattr.')) xattrs.set(key.slice(13), value);
    else if (key.startsWith('SCHILY.acl.')) acls.push(value.toString('latin1'));
  }
  return { xattrs, acls };
}

/** Opens a reader of one image's tar. */
export function createInspector(options?: InspectorOptions): Inspector {
  return new Inspector(options);
}
