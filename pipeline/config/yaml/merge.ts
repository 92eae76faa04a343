import { isMap, isScalar, isSeq, type Pair } from 'yaml';
import type { Aliases } from './aliases.ts';

/** Whether the pair is a merge: `<<: *other`. */
export function isMerge(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.type === 'PLAIN' && pair.key.source === '<<';
}

/** The operand of a merge: one mapping or a list of them, each perhaps by an alias. */
export function mergeSources(merge: Pair, aliases: Aliases): unknown[] {
  const value = aliases.resolved(merge.value);
  return (isSeq(value) ? value.items : [value]).map((source) => aliases.resolved(source));
}

/** The pair of a mapping with this key, also when it came in by a merge. */
export function findPair(items: readonly Pair[], key: string, aliases: Aliases): Pair | undefined {
  const own = items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  if (own) return own;
  for (const source of items.filter(isMerge).flatMap((merge) => mergeSources(merge, aliases))) {
    const found = isMap(source) ? findPair(source.items, key, aliases) : undefined;
    if (found) return found;
  }
  return undefined;
}
