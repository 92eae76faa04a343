import { compareText } from '../../core/text/order.ts';
/** A list of the biggest files or directories, the biggest first. */
export interface Listed {
  entries: readonly { path: string; bytes: number }[];
  /** True when nothing is left out: a path that is not in it is not in the image. */
  whole: boolean;
}

/** A file or a directory whose size differs. */
export interface SizeChange {
  path: string;
  /** Bytes; null: not there, or too small to be listed. */
  before: number | null;
  after: number | null;
  /** Bytes it grew by, taking what is not listed for nothing. */
  change: number;
  /** The most bytes that a path can have on a side that is null because its list ends before. Null: it is not there. */
  below: number | null;
}

/** Paths that grew, shrank, were added or removed, the greatest change first. A path that may be unchanged is left out. */
export function compareSizes(before: Listed, after: Listed): SizeChange[] {
  const old = new Map(before.entries.map(({ path, bytes }) => [path, bytes]));
  const now = new Map(after.entries.map(({ path, bytes }) => [path, bytes]));
  const changes: SizeChange[] = [];
  for (const path of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(path) ?? null, now.get(path) ?? null];
    if (was === is) continue;
    const unlisted = was === null ? before : is === null ? after : null;
    const below = unlisted === null || unlisted.whole ? null : (unlisted.entries.at(-1)?.bytes ?? 0);
    if (below !== null && (was ?? is ?? 0) <= below) continue;
    changes.push({ path, before: was, after: is, change: (is ?? 0) - (was ?? 0), below });
  }
  return changes.sort((a, b) => Math.abs(b.change) - Math.abs(a.change) || compareText(a.path, b.path));
}
