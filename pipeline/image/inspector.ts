import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ExtractEvents, extract } from 'tar-stream';
import { collectors, composeFacts, type Finished } from './collect/all.ts';
import type { Collector, Member } from './collector.ts';
import { Contents } from './contents.ts';
import type { ImageFacts, ProblemKind } from './facts.ts';
import { type Header, memberOf, nameOf } from './member.ts';
import { normalise, shown, unsafe } from './names.ts';
import { Problems } from './problems.ts';
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

/** Bytes given to tar-stream at a time. */
const PIECE = 64 << 10;

type Entry = ExtractEvents['entry'][1];

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
  readonly #contents: Contents;
  readonly #extract = extract({
    filenameEncoding: 'latin1',
    allowUnknownFormat: true,
    highWaterMark: 0,
  } as never);
  readonly #facts = Promise.withResolvers<ImageFacts>();
  #open = 0;
  #stopped = false;

  constructor(options: InspectorOptions = {}) {
    super({ highWaterMark: 1 << 20 });
    this.#options = { mostMembers: 1_000_000, mostBytes: 2 ** 40, ...options };
    this.#collectors = collectors(options.signal);
    this.#every = Object.values(this.#collectors) as Collector<unknown>[];
    this.#contents = new Contents(this.#every);
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

  /** True once the blocks that close the tar were read: what follows is padding, and a reader of a raw disk may stop. */
  get ended(): boolean {
    return this.#tap.ended;
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
    // tar-stream makes objects for all members of a piece at once: small pieces keep these few and short-lived.
    for (const piece of this.#tap.push(chunk))
      for (let at = 0; at < piece.length; at += PIECE) {
        if (this.#stopped) return;
        if (!this.#extract.write(piece.subarray(at, at + PIECE))) await this.#drained();
      }
    // What was pushed to a reader of content arrives in microtasks; after them the chunk is free.
    if (this.#contents.reading > 0) await nextTurn();
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
    this.#contents.followLinks(this.#tree);
    this.#loops();
    const parts: Record<string, unknown> = {};
    for (const [name, collector] of Object.entries(this.#collectors))
      parts[name] = await (collector as Collector<unknown>).finish(this.#tree, this.#contents.files);
    return composeFacts(parts as unknown as Finished, {
      members: this.#tree.size,
      tarBytes: this.#tap.offset,
      whole: !this.#stopped && this.#open === 0,
      problems: this.#problems.list(),
      unread: [
        ...this.#contents.unread,
        ...[...this.#contents.files.unread].map(([path, why]) => ({ path, why })),
      ],
    });
  }

  #entry(header: Header, stream: Entry, next: () => void): void {
    this.#open += 1;
    const done = () => {
      this.#open -= 1;
      next();
    };
    stream.on('error', () => {});
    const preamble = this.#tap.preambles.shift();
    const member = preamble && this.#member(header, preamble);
    if (member && this.#contents.wants(member)) {
      this.#contents.read(member.path, preamble.sparse, stream as never, done);
      return;
    }
    stream.on('end', done);
    stream.resume();
  }

  /** The member, given to every collector; undefined when it has no place in the image. */
  #member(header: Header, preamble: Preamble): Member | undefined {
    const name = nameOf(header, preamble);
    const danger = unsafe(name);
    if (danger) {
      this.#problems.add(danger, shown(name));
      return undefined;
    }
    const member = memberOf(header, name, preamble);
    const { path, type } = member;
    if (type === 'other') this.#problems.add('unknown-type', shown(path));
    if (type === 'hard-link' && !this.#hardLink(member)) return undefined;
    const place = this.#tree.add(path, {
      directory: type === 'directory',
      symlink: type === 'symlink' ? member.link : null,
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
    this.#contents.hardLink(member.path, target);
    return true;
  }

  #loops(): void {
    for (const path of this.#tree.symlinks.keys())
      if (this.#tree.loops(path)) this.#problems.add('link-loop', shown(path));
  }
}

/** Opens a reader of one image's tar. */
export function createInspector(options?: InspectorOptions): Inspector {
  return new Inspector(options);
}
