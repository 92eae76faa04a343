import type { FileHandle } from 'node:fs/promises';
import type { Member } from '../pack/member-line.ts';

/** An artifact that is open, with the members that its manifest lists. */
export interface Indexed {
  file: FileHandle;
  members: readonly Member[];
}

/** Bytes compared at a time. */
const WINDOW = 1 << 20;

/**
 * The member of `b` that has the same bytes as each member of `a`; -1: none. Pairs are in the same order on both sides. The bytes themselves are
 * compared: what a manifest says only decides which ones.
 */
export async function equalMembers(a: Indexed, b: Indexed, signal: AbortSignal): Promise<number[]> {
  // Of each key its places, and how many of them are passed.
  const places = new Map<string, { list: number[]; passed: number }>();
  for (const [i, member] of b.members.entries()) {
    const known = places.get(keyOf(member));
    if (known) known.list.push(i);
    else places.set(keyOf(member), { list: [i], passed: 0 });
  }
  const [starts, others] = [startsOf(a.members), startsOf(b.members)];
  const pairs: number[] = [];
  let last = -1;
  for (const [i, member] of a.members.entries()) {
    signal.throwIfAborted();
    const known = places.get(keyOf(member));
    while (known && known.list[known.passed]! <= last) known.passed += 1;
    const other = known?.list[known.passed];
    const equal =
      other !== undefined && (await equalBytes(a.file, starts[i]!, b.file, others[other]!, member.bytes));
    pairs.push(equal ? other : -1);
    if (equal) last = other;
  }
  return pairs;
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

async function equalBytes(
  a: FileHandle,
  atA: number,
  b: FileHandle,
  atB: number,
  length: number,
): Promise<boolean> {
  for (let done = 0; done < length; done += WINDOW) {
    const n = Math.min(WINDOW, length - done);
    const [left, right] = await Promise.all([
      fill(a, WINDOWS[0].subarray(0, n), atA + done),
      fill(b, WINDOWS[1].subarray(0, n), atB + done),
    ]);
    if (!left || !right || !left.equals(right)) return false;
  }
  return true;
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
