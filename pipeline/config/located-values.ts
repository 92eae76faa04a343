import { isNamed, isSetting, type Rows, resolvedName, rowsOf } from './setting.ts';
import { SETTINGS } from './settings/table.ts';
import type { Config } from './types.ts';

/** A value in force: its path in dgxos-maas.yaml, its text there, and its dotted name in the resolved configuration. */
export interface LocatedValue {
  path: string[];
  value: unknown;
  key: string;
}

/** Every value of a configuration as the file would say it; what has none (null) is not in the file either. */
export function locatedValues(config: Config): LocatedValue[] {
  return valuesOf(SETTINGS, config, [], '');
}

function valuesOf(rows: Rows, resolved: object, at: string[], prefix: string): LocatedValue[] {
  const values = resolved as Record<string, unknown>;
  return rowsOf(rows).flatMap(([name, node]): LocatedValue[] => {
    const as = resolvedName(name, node);
    const [path, key, value] = [[...at, name], prefix + as, values[as]];
    if (isSetting(node)) return value === null ? [] : [{ path, key, value: node.kind.write(value) }];
    if (isNamed(node))
      return Object.entries(value as Record<string, object>).flatMap(([entry, members]) =>
        valuesOf(node.entry.fields, members, [...path, entry], `${key}.${entry}.`),
      );
    if (node.inline) return valuesOf(node.fields, resolved, path, prefix);
    return valuesOf(node.fields, value as object, path, `${key}.`);
  });
}
