import { type AnySetting, isNamed, isSetting, type Rows, rowsOf } from './setting.ts';

/** Stands for the name that the user chose, in the path of a setting. */
export const ANY_NAME = '*';

export interface PlacedSetting {
  /** Its keys in the file, with `*` for an image's or a target's name. */
  path: readonly string[];
  row: AnySetting;
}

/** Every setting of a table, in its order. */
export function everySetting(rows: Rows, at: readonly string[] = []): PlacedSetting[] {
  return rowsOf(rows).flatMap(([name, node]): PlacedSetting[] => {
    const path = [...at, name];
    if (isSetting(node)) return [{ path, row: node }];
    if (isNamed(node)) return everySetting(node.entry.fields, [...path, ANY_NAME]);
    return everySetting(node.fields, path);
  });
}
