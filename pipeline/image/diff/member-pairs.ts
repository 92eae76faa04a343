import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Member } from '../pack/member-line.ts';

/** An artifact that is open, with the members that its manifest lists. */
export interface Indexed {
  file: FileHandle;
  members: readonly Member[];
}

/** Bytes compared at a time: they stay in the processor's cache until they are digested, too. */
const WINDOW = 256 << 10;

/** The members of two artifacts that are the same. */
interface Pairs {
  /** For each member of the first artifact its twin in the second, -1: none. Pairs are in the same order on both sides. */
  twins: number[];
  /** Digest of the first artifact, in hex. */
  sha256: string;
}

/**
 * Finds the members of `b` that have the same bytes as those of `a`, and digests `a`, whose bytes are read for it anyway. The bytes themselves
 * are compared: what a manifest says only decides which ones.
 * @throws the signal's reason, errors of reading
 */
export async function pairAndDigest(a: Indexed, b: Indexed, signal: AbortSignal): Promise<Pairs> {
  // Of each key its places, and how many of them are passed.
  const places = new Map<string, { list: number[]; passed: number }>();
  for (const [i, member] of b.members.entries()) {
    const known = places.get(keyOf(member));
    if (known) known.list.push(i);
    else places.set(keyOf(member), { list: [i], passed: 0 });
  }
  const others = startsOf(b.members);
  const twins: number[] = [];
  const hash = createHash('sha256');
  let at = 0;
  let last = -1;
  for (const member of a.members) {
    const known = places.get(keyOf(member));
    while (known && known.list[known.passed]! <= last) known.passed += 1;
    const other = known?.list[known.passed];
    let equal = other !== undefined;
    for (let done = 0; done < member.bytes; done += WINDOW) {
      // Read without a thread, which takes longer to wake than the reading; signals want to be seen.
      await new Promise(setImmediate);
      signal.throwIfAborted();
      const bytes = Math.min(WINDOW, member.bytes - done);
      const left = filled(a.file, WINDOWS[0].subarray(0, bytes), at + done);
      hash.update(left);
      equal &&= left.equals(filled(b.file, WINDOWS[1].subarray(0, bytes), others[other!]! + done));
      equal &&= left.length === bytes;
    }
    at += member.bytes;
    twins.push(equal ? other! : -1);
    if (equal) last = other!;
  }
  // A file that has grown meanwhile is another one.
  hash.update(filled(a.file, WINDOWS[0], at));
  return { twins, sha256: hash.digest('hex') };
}

const keyOf = ({ bytes, sha256 }: Member) => `${bytes} ${sha256}`;

/** The place of each member in its artifact. */
export function startsOf(members: readonly Member[]): number[] {
  let at = 0;
  return members.map(({ bytes }) => {
    at += bytes;
    return at - bytes;
  });
}

const WINDOWS = [Buffer.allocUnsafeSlow(WINDOW), Buffer.allocUnsafeSlow(WINDOW)] as const;

/** The bytes of a file from a place on, as many as the buffer holds, or fewer where it ends. */
function filled(file: FileHandle, buffer: Buffer, at: number): Buffer {
  let bytes = 0;
  for (let read = -1; read !== 0 && bytes < buffer.length; bytes += read)
    read = readSync(file.fd, buffer, bytes, buffer.length - bytes, at + bytes);
  return buffer.subarray(0, bytes);
}

/** So many bytes of a file from a place on; null: there are fewer. */
export async function fill(file: FileHandle, buffer: Buffer, at: number): Promise<Buffer | null> {
  for (let filled = 0; filled < buffer.length; ) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, at + filled);
    if (bytesRead === 0) return null;
    filled += bytesRead;
  }
  return buffer;
}
