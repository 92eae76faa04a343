import { shown } from '../../tar/names.ts';
import type { Collector } from '../collector.ts';
import type { KeptFiles } from '../kept-files.ts';
import { MACHINE_STATE } from './machine-state-table.ts';

/** A file that belongs to one machine. */
export interface FoundState {
  path: string;
  what: string;
  weight: 'major' | 'warning';
  why: string;
}

/** The folders in which anything of the table can lie: a look at these is cheaper than one at each row. */
const PLACES = /^(?:etc|var|root|home|boot|efi|opt|run|tmp)\//;
/** No path of the table is longer. */
const LONGEST = 512;
/** Rows in one expression, to pass over the many paths that none of them names. */
const ANY = new RegExp(MACHINE_STATE.map(({ path }) => path.source).join('|'));

/** The number of files kept for each row; more of them say nothing new. */
const EXAMPLES = 5;
/** A file without anything but comments is no longer. */
const LONGEST_HEADER = 8192;
/** Files of a row that are looked at for those. */
const LOOKED_AT = 100;
const MOST = 60;

/** Files that identify a machine, by the table; of their data it is only noted whether there is any. */
export function machineStateCollector(): Collector<FoundState[]> {
  const found: (FoundState & { member: string; size: number })[] = [];
  const counts = new Map<string, number>();
  return {
    member({ path, type, size }) {
      if (type !== 'file' || size === 0 || path.length > LONGEST || !PLACES.test(path) || !ANY.test(path))
        return;
      const row = MACHINE_STATE.find((state) => state.path.test(path))!;
      const count = (counts.get(row.what) ?? 0) + 1;
      counts.set(row.what, count);
      if (count <= LOOKED_AT)
        found.push({
          member: path,
          size,
          path: `/${shown(path)}`,
          what: row.what,
          weight: row.weight,
          why: row.why,
        });
    },
    finish(_tree, files) {
      const kept = new Map<string, number>();
      const state: FoundState[] = [];
      for (const { member, size, ...one } of found) {
        const count = kept.get(one.what) ?? 0;
        if (
          count >= EXAMPLES ||
          state.length >= MOST ||
          (size < LONGEST_HEADER && saysNothing(member, files))
        )
          continue;
        kept.set(one.what, count + 1);
        state.push(one);
      }
      return state;
    },
  };
}

/** multipathd, for one, starts its tables with a header of comments, before it has seen any disk. */
function saysNothing(path: string, files: KeptFiles): boolean {
  if (!path.startsWith('etc/')) return false;
  return (
    files
      .text(path)
      ?.split('\n')
      .every((line) => /^\s{0,100}(?:#|$)/.test(line)) ?? false
  );
}
