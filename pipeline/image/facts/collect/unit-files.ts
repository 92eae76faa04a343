import { compareText } from '../../../core/text/order.ts';
import { parseUnit, type UnitSetting } from '../../parsers/systemd-unit.ts';
import type { KeptFiles } from '../kept-files.ts';

/** The folders in which systemd looks for units; the first that has one wins. */
export const UNIT_FOLDERS = [
  'etc/systemd/system',
  'run/systemd/system',
  'usr/local/lib/systemd/system',
  'usr/lib/systemd/system',
] as const;

/** The settings of a unit with its drop-ins, in the order that systemd reads them; empty when there is no such unit. */
export function unitSettings(unit: string, files: KeptFiles): (UnitSetting & { file: string })[] {
  const main = UNIT_FOLDERS.map((folder) => `${folder}/${unit}`).find((path) => files.text(path) !== null);
  // A name in an earlier folder hides the same name in a later one; the order is that of the names.
  const dropIns = new Map<string, string>();
  for (const folder of UNIT_FOLDERS)
    for (const name of files.list(`${folder}/${unit}.d`))
      if (name.endsWith('.conf') && !dropIns.has(name)) dropIns.set(name, `${folder}/${unit}.d/${name}`);
  const order = [...dropIns].sort(([a], [b]) => compareText(a, b)).map(([, path]) => path);
  return [...(main ? [main] : []), ...order].flatMap((file) =>
    parseUnit(files.text(file) ?? '').map((setting) => ({ file, ...setting })),
  );
}
