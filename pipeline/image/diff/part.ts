import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { directoryOf } from '../facts/collect/counts.ts';
import type { ImageFacts } from '../facts/facts.ts';
import { createInspector } from '../facts/inspector.ts';
import type { Member } from '../pack/member-line.ts';
import { Feed } from '../read/feed.ts';
import { checksumOk } from '../tar/header.ts';
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
      if (i > 0 && !chosen[i - 1] && !(bytes.length >= 512 && checksumOk(bytes.subarray(0, 512))))
        return i - 1;
      await tar.write(bytes);
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
    const tar = await inflate(packed, { maxOutputLength: Math.max(tarBytes, 1), chunkSize: 1 << 20 });
    const right = tar.length === tarBytes && createHash('sha256').update(tar).digest('hex') === sha256;
    return right ? tar : null;
  } catch {
    return null;
  }
}
