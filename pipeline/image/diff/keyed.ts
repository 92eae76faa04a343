/** Entries that were added, removed, or differ between both sides. */
export interface Changes<T> {
  added: T[];
  removed: T[];
  changed: { before: T; after: T }[];
}

/**
 * Compares two lists by a key.
 * @param same whether two entries with one key are equal; without it they are
 */
export function compareByKey<T>(
  before: readonly T[],
  after: readonly T[],
  key: (entry: T) => string,
  same: (before: T, after: T) => boolean = () => true,
): Changes<T> {
  const old = new Map(before.map((entry) => [key(entry), entry]));
  const now = new Map(after.map((entry) => [key(entry), entry]));
  return {
    added: [...now].filter(([k]) => !old.has(k)).map(([, entry]) => entry),
    removed: [...old].filter(([k]) => !now.has(k)).map(([, entry]) => entry),
    changed: [...now].flatMap(([k, entry]) => {
      const was = old.get(k);
      return was !== undefined && !same(was, entry) ? [{ before: was, after: entry }] : [];
    }),
  };
}

/** The number of entries that differ. */
export function size(changes: { [K in keyof Changes<unknown>]: readonly unknown[] } | null): number {
  return changes ? changes.added.length + changes.removed.length + changes.changed.length : 0;
}
