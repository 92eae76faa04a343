import type { KeptFiles } from './kept-files.ts';
import type { Tree } from './tree.ts';

export type MemberType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hard-link'
  | 'character-device'
  | 'block-device'
  | 'fifo'
  | 'other';

/** One member of the archive. Paths are relative to the root, without `./`; the root itself is ''. */
export interface Member {
  path: string;
  type: MemberType;
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of the file, and bytes the archive holds of it. */
  size: number;
  stored: number;
  sparse: boolean;
  /** Target of a symlink as written, of a hard link as a path like `path`. */
  link: string | null;
  /** Extended attributes, whole; empty for nearly every member. */
  xattrs: ReadonlyMap<string, Buffer>;
  /** ACLs that tar wrote as text (--acls); one for new members of a folder begins with `default:`. */
  acls: readonly string[];
}

/** Takes the bytes of one file, in order. */
export interface MemberReader {
  write(chunk: Buffer): void;
  /** The next member waits for it. */
  end(): Promise<void>;
}

/** One subject's share of an image's facts: sees every member once, asks for the few files it reads whole. */
export interface Collector<T> {
  /** True when a wanted file that cannot be read is not a loss to any check. */
  readonly optional?: boolean;
  member?(member: Member): void;
  /** The most bytes of this file that are wanted; 0: none. */
  wants?(path: string): number;
  content?(path: string, bytes: Buffer): void;
  /** Reads a file as it comes, without keeping it; null: not this one. A chunk is only good until `write` returns. */
  stream?(member: Member): MemberReader | null;
  /** `files`: what the programs of the image read as configuration, complete by now. */
  finish(tree: Tree, files: KeptFiles): T | Promise<T>;
}

const KEPT = 5;
const LONGEST = 400;

/** Counts everything and keeps the first few. */
export class Sampler {
  count = 0;
  readonly examples: string[] = [];

  add(text: string): void {
    this.count += 1;
    if (this.examples.length < KEPT)
      this.examples.push(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
  }

  toJSON(): { count: number; examples: string[] } {
    return { count: this.count, examples: this.examples };
  }
}
