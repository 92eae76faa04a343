import type { RuleContext } from './rule.ts';
import { isNamed, isSetting, type Rows, rowsOf } from './setting.ts';
import { SETTINGS } from './settings/table.ts';
import type { Path, Problem } from './yaml/problem.ts';

/** Problems that the kinds of the settings find in values of the right shape. */
export function valuesAreUsable({ written }: RuleContext): Problem[] {
  return problemsOf(SETTINGS, written, []);
}

function problemsOf(rows: Rows, written: object, at: Path): Problem[] {
  const given = written as Record<string, unknown>;
  return rowsOf(rows).flatMap(([name, node]) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined) return [];
    const path = [...at, name];
    if (isSetting(node)) return node.kind.problems?.(value, path) ?? [];
    if (isNamed(node))
      return Object.entries(value as Record<string, object>).flatMap(([entry, members]) =>
        problemsOf(node.entry.fields, members, [...path, entry]),
      );
    return typeof value === 'object' && value !== null ? problemsOf(node.fields, value, path) : [];
  });
}
