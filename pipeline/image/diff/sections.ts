import { bytes } from '../../core/text/human.ts';
import type { ImageDiff } from './compare.ts';
import { kernelParts } from './kernels.ts';
import type { Changes } from './keyed.ts';
import type { SizeChange } from './sizes.ts';

/** The change of one entry. */
export type Sign = 'added' | 'removed' | 'up' | 'down' | 'changed';

export interface Row {
  sign: Sign;
  name: string;
  /** Empty for what is new. */
  before: string;
  /** Empty for what is gone. */
  after: string;
}

/** One subject of a comparison, as people read it. */
export interface Section {
  title: string;
  /** "3 added, 1 removed, 12 upgraded". */
  summary: string;
  /** With what happened in the section's own words: "upgraded", "larger". */
  rows: (Row & { word: string })[];
}

/** The parts that differ, each with its rows; and the names of those that do not. */
export function sections(diff: ImageDiff): { changed: Section[]; same: string[] } {
  const all: [string, Row[] | null, Words?][] = [
    ['Packages', packages(diff), { up: 'upgraded', down: 'downgraded' }],
    ['Kernels', kernels(diff)],
    ['Size', total(diff), SIZES],
    ['Directories', diff.directories && sizes(diff.directories), SIZES],
    ['Files', diff.files && sizes(diff.files), SIZES],
    [
      'Setuid files',
      of(
        diff.setuid,
        (f) => f.path,
        (f) => `${f.mode} ${f.uid}:${f.gid}`,
      ),
    ],
    [
      'Capabilities',
      of(
        diff.capabilities,
        (f) => f.path,
        (f) => f.capabilities,
      ),
    ],
    ['Services', of(diff.services, String, () => 'enabled')],
    ['Users', of(diff.accounts, (user) => user.name, account)],
  ];
  const changed = all.flatMap(([title, rows, words = {}]) => {
    if (!rows || rows.length === 0) return [];
    const worded = rows.map((row) => ({ ...row, word: words[row.sign] ?? row.sign }));
    return [{ title, summary: summary(rows, words), rows: worded }];
  });
  const same = all.flatMap(([title, rows]) => (rows && rows.length === 0 ? [title.toLowerCase()] : []));
  return { changed, same };
}

type Words = Partial<Record<Sign, string>>;
const SIZES: Words = { up: 'larger', down: 'smaller', added: 'new', removed: 'gone' };

/** "+1.2 MB", "−3.4 kB". */
export function signedBytes(count: number): string {
  return `${count < 0 ? '−' : '+'}${bytes(Math.abs(count))}`;
}

/** @param change not 0 */
const direction = (change: number): Sign => (change > 0 ? 'up' : 'down');

function summary(rows: readonly Row[], words: Words): string {
  const signs: Sign[] = ['added', 'removed', 'up', 'down', 'changed'];
  return signs
    .map((sign) => [rows.filter((row) => row.sign === sign).length, words[sign] ?? sign] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');
}

function packages({ packages }: ImageDiff): Row[] | null {
  if (!packages) return null;
  const changed = packages.changed.map(({ name, before, after, direction }): Row => {
    const sign = direction === 'upgrade' ? 'up' : direction === 'downgrade' ? 'down' : 'changed';
    const arch = before.arch !== after.arch;
    const status = before.status !== after.status;
    const text = (p: typeof before) =>
      [p.version, arch && p.arch, status && `(${p.status})`].filter(Boolean).join(' ');
    return { sign, name, before: text(before), after: text(after) };
  });
  return [
    ...packages.added.map((p): Row => ({ sign: 'added', name: p.name, before: '', after: p.version })),
    ...packages.removed.map((p): Row => ({ sign: 'removed', name: p.name, before: p.version, after: '' })),
    ...changed,
  ];
}

function kernels({ kernels }: ImageDiff): Row[] | null {
  const rows = of(kernels, (kernel) => kernel.version, kernelParts);
  if (!rows || !kernels?.started) return rows;
  const { before, after } = kernels.started;
  return [
    ...rows,
    { sign: 'changed', name: "GRUB's default", before: before ?? 'none', after: after ?? 'none' },
  ];
}

function total({ a, b, total }: ImageDiff): Row[] | null {
  const rows: Row[] = [];
  const row = (name: string, before: number, after: number, text: (n: number) => string) => {
    if (before !== after)
      rows.push({ sign: direction(after - before), name, before: text(before), after: text(after) });
  };
  if (a.size !== undefined && b.size !== undefined) row('artifact', a.size, b.size, bytes);
  if (total) {
    row('files, unpacked', total.bytes.before, total.bytes.after, bytes);
    row('number of files', total.files.before, total.files.after, String);
  }
  return total || rows.length > 0 ? rows : null;
}

function sizes(changes: readonly SizeChange[]): Row[] {
  return changes.map(({ path, before, after, change, below }) => {
    const unlisted = below === null ? '' : `below ${bytes(below)}`;
    const known = before !== null && after !== null;
    return {
      sign: known || below !== null ? direction(change) : before === null ? 'added' : 'removed',
      name: `/${path}`,
      before: before === null ? unlisted : bytes(before),
      after: after === null ? unlisted : known ? `${bytes(after)} (${signedBytes(change)})` : bytes(after),
    };
  });
}

function of<T>(
  changes: Changes<T> | null,
  name: (entry: T) => string,
  text: (entry: T) => string,
): Row[] | null {
  if (!changes) return null;
  return [
    ...changes.added.map((e): Row => ({ sign: 'added', name: name(e), before: '', after: text(e) })),
    ...changes.removed.map((e): Row => ({ sign: 'removed', name: name(e), before: text(e), after: '' })),
    ...changes.changed.map(
      ({ before, after }): Row => ({
        sign: 'changed',
        name: name(after),
        before: text(before),
        after: text(after),
      }),
    ),
  ];
}

function account(user: { uid: number; shell: string; password: string; scheme: string | null }): string {
  return `uid ${user.uid}, ${user.shell}, password ${user.password}${user.scheme ? ` (${user.scheme})` : ''}`;
}
