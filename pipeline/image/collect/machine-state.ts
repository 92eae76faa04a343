import type { Collector } from '../collector.ts';
import { shown } from '../names.ts';
import { MACHINE_STATE } from './machine-state-table.ts';

/** A file that belongs to one machine. */
export interface FoundState {
  path: string;
  what: string;
  weight: 'major' | 'warning';
  why: string;
}

/** Where anything of the table can lie: a look at these is cheaper than one at each row. */
const PLACES = /^(?:etc|var|root|home|boot|efi|opt|run|tmp)\//;
/** No path of the table is longer. */
const LONGEST = 512;
/** Rows in one expression, to pass over the many paths that none of them names. */
const ANY = new RegExp(MACHINE_STATE.map(({ path }) => path.source).join('|'));

/** What each row keeps of its files; more of them say nothing new. */
const EXAMPLES = 5;
const MOST = 60;

/** What makes a machine this one, by the table; contents are not looked at. */
export function machineStateCollector(): Collector<FoundState[]> {
  const found: FoundState[] = [];
  const counts = new Map<string, number>();
  return {
    member({ path, type, size }) {
      if (type !== 'file' || size === 0 || path.length > LONGEST || !PLACES.test(path) || !ANY.test(path))
        return;
      const row = MACHINE_STATE.find((state) => state.path.test(path))!;
      const count = (counts.get(row.what) ?? 0) + 1;
      counts.set(row.what, count);
      if (count <= EXAMPLES && found.length < MOST)
        found.push({ path: `/${shown(path)}`, what: row.what, weight: row.weight, why: row.why });
    },
    finish: () => found,
  };
}
