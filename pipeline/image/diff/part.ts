import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import { directoryOf } from '../facts/collect/counts.ts';
import type { ImageFacts } from '../facts/facts.ts';
import { createInspector } from '../facts/inspector.ts';
import type { Member } from '../pack/member-line.ts';
import { Feed } from '../read/feed.ts';
import { giveBack } from '../tar/decompress.ts';
import { BLOCK, checksumOk } from '../tar/header.ts';
import { shown } from '../tar/names.ts';
import { fill, type Indexed, startsOf } from './member-pairs.ts';

/** The findings in some members of an artifact. */
export interface Part {
  facts: ImageFacts;
  /** Stored bytes of each file that is asked for. */
  sizes: ReadonlyMap<string, number>;
  /** As in the facts, and all of them. */
  directories: ReadonlyMap<string, { bytes: number; files: number }>;
}

interface PartOptions {
  /** The members that are read: a flag for each. */
  chosen: readonly boolean[];
  /** Whether the size of a file is asked for. */
  wanted: (path: string, bytes: number) => boolean;
  signal: AbortSignal;
}

/** A small part of an image has fewer of one kind. */
const MOST = 20_000;
/** A member that we write has 16 MiB at most. */
const MOST_MEMBER = 17 << 20;

/**
 * Reads the members chosen, each compared with its digest.
 * @returns the number of a member without which a file or its header is cut in two; null: the members are not as listed, or cannot be understood
 *   without the others
 */
export async function readPart(
  artifact: Indexed,
  { chosen, wanted, signal }: PartOptions,
): Promise<Part | number | null> {
  const { members } = artifact;
  const sizes = new Map<string, number>();
  const directories = new Map<string, { bytes: number; files: number }>();
  const inspector = createInspector({
    signal,
    each: ({ path, type, stored }) => {
      if (type !== 'file') return;
      if (wanted(shown(path), stored) && sizes.size < MOST) sizes.set(shown(path), stored);
      const name = shown(directoryOf(path));
      const sum = directories.get(name) ?? { bytes: 0, files: 0 };
      if (directories.size < MOST) directories.set(name, { bytes: sum.bytes + stored, files: sum.files + 1 });
    },
  });
  const tar = new Feed(inspector);
  const starts = startsOf(members);
  try {
    for (const [i, member] of members.entries()) {
      if (!chosen[i]) continue;
      signal.throwIfAborted();
      const bytes = await inflated(artifact, member, starts[i]!);
      if (bytes === null) return null;
      if (i > 0 && !chosen[i - 1] && !isHeader(bytes)) return i - 1;
      await tar.write(bytes);
      giveBack(bytes, true);
      if (i + 1 < members.length && !chosen[i + 1] && !inspector.betweenMembers) return i + 1;
    }
    await tar.end();
    const facts = await inspector.facts();
    // The end of the archive may be in none of the members read.
    const clear =
      !chosen.includes(true) ||
      (facts.archive.whole && facts.archive.problems.every(({ kind }) => kind === 'no-end'));
    return clear && sizes.size < MOST && directories.size < MOST ? { facts, sizes, directories } : null;
  } finally {
    inspector.destroy();
  }
}

/**
 * A member that is missing, with those beyond it up to where an entry of the tar begins: a large file is cut into many, which are needed together.
 * @param chosen those that are read without it; on one side of it at least one is
 */
export async function membersOfFile(
  artifact: Indexed,
  chosen: readonly boolean[],
  missing: number,
): Promise<number[]> {
  const { members } = artifact;
  const starts = startsOf(members);
  const found = [missing];
  const begins = (i: number) => beginsEntry(artifact, members[i]!, starts[i]!);
  if (chosen[missing + 1])
    for (let i = missing; i > 0 && !chosen[i - 1] && !(await begins(i)); i--) found.push(i - 1);
  else for (let i = missing + 1; i < members.length && !chosen[i] && !(await begins(i)); i++) found.push(i);
  return found;
}

/** Packed bytes that are enough for the first block of a tar. */
const HEAD = 4096;

/** Whether a member begins with a header, by its first bytes. What they only look like is found when the member is read. */
async function beginsEntry({ file }: Indexed, { bytes }: Member, start: number): Promise<boolean> {
  const head = await fill(file, Buffer.allocUnsafe(Math.min(bytes, HEAD)), start);
  try {
    return head !== null && isHeader(await inflate(head, { finishFlush: constants.Z_SYNC_FLUSH }));
  } catch {
    return false;
  }
}

const isHeader = (bytes: Buffer) => bytes.length >= BLOCK && checksumOk(bytes.subarray(0, BLOCK));

const inflate = promisify(gunzip);

/** The tar in a member; null when it is not the one that is listed. */
async function inflated(
  { file }: Indexed,
  { bytes, tarBytes, sha256 }: Member,
  start: number,
): Promise<Buffer | null> {
  if (bytes > MOST_MEMBER || tarBytes > MOST_MEMBER) return null;
  const packed = await fill(file, Buffer.allocUnsafe(bytes), start);
  if (!packed) return null;
  try {
    // In one piece, with a byte to spare: zlib would take memory for another piece when the first is full.
    const chunkSize = Math.max(tarBytes + 1, constants.Z_MIN_CHUNK);
    const tar = await inflate(packed, { maxOutputLength: Math.max(tarBytes, 1), chunkSize });
    const right = tar.length === tarBytes && createHash('sha256').update(tar).digest('hex') === sha256;
    return right ? tar : null;
  } catch {
    return null;
  }
}
