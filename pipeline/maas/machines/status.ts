import { Fault } from '../../core/faults/fault.ts';
import { suggest } from '../../core/text/suggest.ts';

/** The meaning of a status to those who wait: it passes by itself, it is a failure, or it stays until somebody acts. */
export type StatusKind = 'passing' | 'failed' | 'resting';

interface Row {
  number: number;
  /** As the filter `status=` of machines/ takes it. */
  key: string;
  /** As MAAS shows it. */
  name: string;
  kind: StatusKind;
}

/** Every status of MAAS 2.8 to 3.8, by its number (NODE_STATUS). */
const ROWS = [
  { number: 0, key: 'new', name: 'New', kind: 'resting' },
  { number: 1, key: 'commissioning', name: 'Commissioning', kind: 'passing' },
  { number: 2, key: 'failed_commissioning', name: 'Failed commissioning', kind: 'failed' },
  { number: 3, key: 'missing', name: 'Missing', kind: 'failed' },
  { number: 4, key: 'ready', name: 'Ready', kind: 'resting' },
  { number: 5, key: 'reserved', name: 'Reserved', kind: 'resting' },
  { number: 6, key: 'deployed', name: 'Deployed', kind: 'resting' },
  { number: 7, key: 'retired', name: 'Retired', kind: 'resting' },
  { number: 8, key: 'broken', name: 'Broken', kind: 'failed' },
  { number: 9, key: 'deploying', name: 'Deploying', kind: 'passing' },
  { number: 10, key: 'allocated', name: 'Allocated', kind: 'resting' },
  { number: 11, key: 'failed_deployment', name: 'Failed deployment', kind: 'failed' },
  { number: 12, key: 'releasing', name: 'Releasing', kind: 'passing' },
  { number: 13, key: 'failed_releasing', name: 'Releasing failed', kind: 'failed' },
  { number: 14, key: 'disk_erasing', name: 'Disk erasing', kind: 'passing' },
  { number: 15, key: 'failed_disk_erasing', name: 'Failed disk erasing', kind: 'failed' },
  { number: 16, key: 'rescue_mode', name: 'Rescue mode', kind: 'resting' },
  { number: 17, key: 'entering_rescue_mode', name: 'Entering rescue mode', kind: 'passing' },
  { number: 18, key: 'failed_entering_rescue_mode', name: 'Failed to enter rescue mode', kind: 'failed' },
  { number: 19, key: 'exiting_rescue_mode', name: 'Exiting rescue mode', kind: 'passing' },
  { number: 20, key: 'failed_exiting_rescue_mode', name: 'Failed to exit rescue mode', kind: 'failed' },
  { number: 21, key: 'testing', name: 'Testing', kind: 'passing' },
  { number: 22, key: 'failed_testing', name: 'Failed testing', kind: 'failed' },
] as const satisfies readonly Row[];

/** A status by the word that MAAS' filters use: ready, deployed, failed_deployment, … */
export type Status = (typeof ROWS)[number]['key'];

export const STATUSES: readonly Status[] = ROWS.map(({ key }) => key);

const byKey = new Map<string, Row>(ROWS.map((row) => [row.key, row]));

/** The status of a number as the API sends it; undefined for one that no MAAS up to 3.8 has. */
export function statusOf(number: number): Status | undefined {
  return ROWS.find((row) => row.number === number)?.key;
}

/** As MAAS shows it: "Failed deployment". */
export function statusName(status: Status): string {
  return (byKey.get(status) as Row).name;
}

export function statusKind(status: Status): StatusKind {
  return (byKey.get(status) as Row).kind;
}

/**
 * The status a person means: `ready`, `Failed deployment`, `failed-deployment`.
 * @throws Fault USAGE with the statuses there are
 */
export function parseStatus(text: string): Status {
  const bare = (word: string) => word.toLowerCase().replace(/[-_ ]+/g, '_');
  const row = ROWS.find(({ key, name }) => key === bare(text) || bare(name) === bare(text));
  if (row) return row.key;
  const meant = suggest(text, STATUSES);
  throw new Fault('USAGE', `There is no status "${text}"${meant ? `. Did you mean "${meant}"?` : ''}`, {
    hint: `Statuses: ${STATUSES.join(', ')}.`,
  });
}
