import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ExtractEvents, extract } from 'tar-stream';
import { deferred } from '../../core/deferred.ts';
import type { ParsedHeader } from '../tar/member.ts';
import { leadsUp, MOST_PATH, nameProblem, normalise, shown } from '../tar/names.ts';
import type { Sparse } from '../tar/sparse.ts';
import { TarScanner } from '../tar/tar-scanner.ts';
import { Budget } from './budget.ts';
import { collectors, composeFacts, type Finished } from './collect/all.ts';
import type { Collector, Member, MemberReader } from './collector.ts';
import { Contents } from './contents.ts';
import type { ImageFacts, ProblemKind } from './facts.ts';
import { Problems } from './problems.ts';
import { Tree } from './tree.ts';

export interface InspectorOptions {
  /** A root file system does not have more members than this: reading stops. */
  mostMembers?: number;
  /** The tar of an image does not have more bytes than this: reading stops. */
  mostBytes?: number;
  /** Ends the programs that check a hook's syntax. */
  signal?: AbortSignal;
  /** Sees every member that tar extracts, in order and under the path where it lands. */
  each?: (member: Readonly<Member>) => void;
}

type Entry = ExtractEvents['entry'][1];

/**
 * Reads the uncompressed bytes of a tar, in order, in constant memory, and gathers facts. A bad archive is never a
 * stream error: it is a problem in the facts, and the rest of the bytes is let pass. A chunk may be used again once its write
 * has called back.
 */
export class Inspector extends Writable {
  readonly #options: InspectorOptions & { mostMembers: number; mostBytes: number };
  readonly #budget = new Budget();
  readonly #scanner = new TarScanner((reading) => this.#member(reading));
  readonly #tree = new Tree(this.#budget);
  readonly #problems = new Problems();
  readonly #collectors: ReturnType<typeof collectors>;
  readonly #every: Collector<unknown>[];
  readonly #contents: Contents;
  /** Members whose content comes next through tar-stream, in order. */
  readonly #wanted: { path: string; stored: number; sparse: Sparse | null; readers: MemberReader[] }[] = [];
  readonly #extract = extract({ highWaterMark: 0 } as never);
  readonly #facts = deferred<ImageFacts>();
  #bytes = 0;
  #open = 0;
  /** A folder with a list of its names was seen. */
  #incremental = false;
  /** Settled when those who read the last member as it came are through with it. */
  #readers: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: InspectorOptions = {}) {
    super({ highWaterMark: 1 << 20 });
    this.#options = { mostMembers: 1_000_000, mostBytes: 2 ** 40, ...options };
    this.#collectors = collectors(options.signal);
    this.#every = Object.values(this.#collectors) as Collector<unknown>[];
    this.#contents = new Contents(this.#every, this.#tree, this.#budget);
    this.#facts.promise.catch(() => {});
    this.#extract.on('entry', (_header, stream, next) => this.#content(stream, next));
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

  /** Members seen so far. */
  get members(): number {
    return this.#tree.size;
  }

  /** Whether what comes next is a header, or nothing. */
  get betweenMembers(): boolean {
    return this.#scanner.betweenMembers;
  }

  /** Bytes of tar taken so far; those after a stop count too, so that it is the same in pieces of any size. */
  get tarBytes(): number {
    return this.#bytes;
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
    this.#bytes += chunk.length;
    if (this.#stopped) return;
    for (const piece of this.#scanner.push(chunk)) {
      if (this.#stopped) return;
      if (!this.#extract.write(piece)) await this.#drained();
    }
    // Bytes that were pushed to a reader arrive in microtasks; after them the chunk is free.
    if (this.#contents.reading > 0) await nextTurn();
    if (this.#scanner.problem) this.#stop(this.#scanner.problem.kind, this.#scanner.problem.text);
    else if (this.#budget.exceeded !== null)
      this.#stop('too-much-kept', `more ${this.#budget.exceeded} than any system has`);
    else if (
      this.#tree.size > this.#options.mostMembers ||
      this.#tree.entries > 1.2 * this.#options.mostMembers
    )
      this.#stop('too-many', `more than ${this.#options.mostMembers} members`);
    else if (this.#scanner.offset > this.#options.mostBytes)
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
    this.#scanner.end();
    const problem = this.#scanner.problem;
    if (problem && problem.kind !== 'no-end') this.#stop(problem.kind, problem.text);
    if (!this.#stopped) {
      if (problem) this.#problems.add(problem.kind, problem.text);
      const behind = this.#scanner.tail.problem;
      if (behind) this.#problems.add(behind.kind, behind.text);
      await new Promise<void>((resolve) => {
        this.#extract.on('close', () => resolve());
        this.#extract.end(undefined);
      });
    }
    this.#contents.followLinks();
    // The extractor does not wait for them at the end of the archive.
    await this.#readers;
    await this.#loops();
    const parts: Record<string, unknown> = {};
    for (const [name, collector] of Object.entries(this.#collectors)) {
      // Between two subjects signals are heard.
      await nextTurn();
      this.#options.signal?.throwIfAborted();
      parts[name] = await (collector as Collector<unknown>).finish(this.#tree, this.#contents.files);
    }
    return composeFacts(parts as unknown as Finished, {
      members: this.#tree.size,
      tarBytes: this.#bytes,
      whole: !this.#stopped && this.#open === 0,
      problems: this.#problems.list(),
      unread: [
        ...this.#contents.unread,
        ...[...this.#contents.files.unread].map(([path, why]) => ({ path, why })),
      ],
    });
  }

  #content(stream: Entry, next: () => void): void {
    this.#open += 1;
    stream.on('error', () => {});
    const { path, stored, sparse, readers } = this.#wanted.shift()!;
    const done = () => {
      this.#open -= 1;
      next();
    };
    if (readers.length === 0) {
      this.#contents.read(path, stored, sparse, stream as never, done);
      return;
    }
    for (const reader of readers) stream.on('data', (chunk) => reader.write(chunk as Buffer));
    stream.on('end', () => {
      this.#readers = Promise.all(readers.map((reader) => reader.end())).then(done);
    });
  }

  /** Gives a member to every collector, under the path where tar puts it. @returns whether its content is wanted */
  #member({ name, member, sparse, unknownType, dumped }: ParsedHeader): boolean {
    if (this.#stopped) return false;
    if (member === null) {
      if (leadsUp(name)) this.#problems.add('escape', `${shown(name)} (the label of the archive)`);
      return false;
    }
    const wrong = nameProblem(name, member.type);
    if (wrong) {
      this.#problems.add(wrong, shown(name) || 'a member without a name');
      return false;
    }
    const place = this.#tree.place(normalise(name));
    if ('obstacle' in place) {
      this.#problems.add(place.obstacle, shown(name));
      return false;
    }
    member.path = place.path;
    if (unknownType !== null)
      this.#problems.add('unknown-type', `${shown(name)} (type ${shown(unknownType)})`);
    const { path, type } = member;
    let symlink = type === 'symlink' ? member.link : null;
    if (symlink !== null && (symlink === '' || symlink.length > MOST_PATH)) {
      this.#problems.add(
        'bad-link',
        `${shown(path)} -> ${symlink === '' ? '(nothing)' : 'a target that is too long'}`,
      );
      return false;
    }
    if (type === 'hard-link') {
      const target = this.#hardLink(member);
      if (target === null) return false;
      symlink = target.symlink;
    }
    const before = this.#tree.add(path, {
      directory: type === 'directory',
      symlink,
      executable: (member.mode & 0o111) !== 0,
      owned: member,
    });
    if (before.known && !(before.wasDirectory && type === 'directory'))
      this.#problems.add('duplicate', shown(path));
    // GNU tar sets the attributes of such an archive's folders at the end, and each spelling of a name by itself.
    this.#incremental ||= dumped;
    if (this.#incremental && type === 'directory' && before.wasMember)
      this.#problems.add('ambiguous', `${shown(path)} occurs twice in an incremental archive`);
    this.#options.each?.(member);
    for (const collector of this.#every) collector.member?.(member);
    const readers = this.#contents.readers(member);
    if (readers.length === 0 && !this.#contents.wants(member)) return false;
    this.#wanted.push({ path, stored: member.stored, sparse, readers });
    return true;
  }

  /** A hard link must lead to a member that came before it and is not a folder; mode and owner are that member's. */
  #hardLink(member: Member): { symlink: string | null } | null {
    const written = member.link ?? '';
    const inside = nameProblem(written, 'directory') === null;
    const place = inside ? this.#tree.place(normalise(written)) : null;
    const target = place !== null && 'path' in place && place.path !== member.path ? place.path : null;
    const shared = target === null ? null : this.#tree.linkable(target);
    if (target === null || shared === null) {
      this.#problems.add('bad-hard-link', `${shown(member.path)} -> ${shown(written)}`);
      return null;
    }
    member.link = target;
    if (shared.owned) Object.assign(member, shared.owned);
    this.#contents.hardLink(member.path, target);
    return shared;
  }

  async #loops(): Promise<void> {
    let walked = 0;
    for (const path of this.#tree.symlinks.keys()) {
      if (this.#tree.loops(path)) this.#problems.add('link-loop', shown(path));
      walked += 1;
      if (walked % 1000 === 0) {
        await nextTurn();
        this.#options.signal?.throwIfAborted();
      }
    }
  }
}

/** Opens a reader of one image's tar. */
export function createInspector(options?: InspectorOptions): Inspector {
  return new Inspector(options);
}
