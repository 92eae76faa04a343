import { dotted, type Path, type Problem, quoted, toFault } from '../../config/yaml/problem.ts';
import { readText } from '../../config/yaml/read-text.ts';
import { Source } from '../../config/yaml/source.ts';
import type { Entry, Layout } from './layouts.ts';
import type { Disk } from './types.ts';

/** Members by which an entry names those that it stands on. */
const NEEDS = ['device', 'volume', 'volgroup', 'backing_device', 'cache_device', 'devices', 'spare_devices'];
/** Members by which a disk is found on the machine that the file is from. */
const FOUND_BY = ['serial', 'path', 'model', 'wwn', 'multipath', 'device_id', 'nvme_controller'];
const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];
const MIB = 2 ** 20;
/** Entries of a file; MAAS makes some five for each disk. */
const MOST_ENTRIES = 2000;
const MOST_DISKS = 16;
const ACCEPTED = 'curtin’s storage configuration, version 1: storage: { version: 1, config: [ … ] }';

/**
 * A layout from a file with curtin's storage configuration, such as the first of those that MAAS gives a machine. Its disks become the rehearsal's own, in their order.
 * @throws Fault CONFIG_NOT_FOUND, CONFIG_SYNTAX, CONFIG_INVALID with every problem at its place
 */
export async function layoutOf(file: string): Promise<Layout> {
  const hint = 'dgxos-maas rehearse --help lists the layouts; a file has a storage configuration of curtin.';
  return parseLayout(await readText(file, hint, `There is no layout ${file} and no file of that name`), file);
}

/** The layout of a YAML text. @param file for messages */
export function parseLayout(text: string, file: string): Layout {
  const source = new Source(file, text);
  const { path, list } = entriesIn(source.data);
  const fail = (problems: readonly Problem[]) =>
    toFault(
      'CONFIG_INVALID',
      problems.map((one) => source.place(one)),
    );
  if (!Array.isArray(list) || list.length === 0 || list.length > MOST_ENTRIES)
    throw fail([{ path, at: 'key', message: 'The layout has no list of entries', accepts: ACCEPTED }]);
  const problems = problemsOf(list, path);
  if (problems.length > 0) throw fail(problems);
  const entries = list as Entry[];
  const disks = entries.filter(({ type }) => type === 'disk');
  return {
    help: `the storage configuration of ${file}`,
    disks: disks.length,
    mounts: entries.flatMap(({ type, path: at }) => (type === 'mount' && typeof at === 'string' ? [at] : [])),
    leastBytes: disks.map(({ id }) => bytesOn(id as string, entries)),
    entries: (own) =>
      entries.map((entry) => (entry.type === 'disk' ? onOur(own[disks.indexOf(entry)], entry) : entry)),
  };
}

/** The entries, whether they stand in a whole configuration, in its storage, or alone. */
function entriesIn(data: unknown): { path: Path; list: unknown } {
  const member = (of: unknown, name: string) =>
    typeof of === 'object' && of !== null && !Array.isArray(of)
      ? (of as Record<string, unknown>)[name]
      : undefined;
  const storage = member(data, 'storage');
  if (storage !== undefined) return { path: ['storage', 'config'], list: member(storage, 'config') };
  const config = member(data, 'config');
  return config === undefined ? { path: [], list: data } : { path: ['config'], list: config };
}

function problemsOf(list: readonly unknown[], path: Path): Problem[] {
  const known = new Set<string>();
  const problems: Problem[] = [];
  for (const [at, value] of list.entries()) {
    const add = (message: string, ...below: string[]) =>
      problems.push({
        path: [...path, at, ...below],
        at: 'value',
        message: `${dotted([...path, at, ...below])}: ${message}`,
      });
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      add('an entry is a mapping with id and type');
      continue;
    }
    const entry = value as Entry;
    const { id, type } = entry;
    if (typeof id !== 'string' || typeof type !== 'string') add('an entry has an id and a type, both texts');
    else if (known.has(id)) add(`${quoted(id)} is the id of an earlier entry`, 'id');
    // A file system of memory stands on nothing.
    for (const name of NEEDS.filter((one) => Object.hasOwn(entry, one)))
      for (const needed of [entry[name]].flat())
        if (typeof needed !== 'string' || !known.has(needed))
          add(`no earlier entry has the id ${quoted(needed)}`, name);
    if (typeof id === 'string') known.add(id);
  }
  if (problems.length > 0) return problems;
  const entries = list as Entry[];
  const misses = (message: string): Problem[] => [{ path, at: 'key', message, accepts: ACCEPTED }];
  const disks = entries.filter(({ type }) => type === 'disk').length;
  if (disks === 0 || disks > MOST_DISKS)
    return misses(`The layout has ${disks} disks, and a rehearsal has 1 to ${MOST_DISKS}`);
  if (!entries.some(({ type, path: at }) => type === 'mount' && at === '/'))
    return misses('The layout mounts no /');
  return [];
}

/** The entry of another machine's disk, for one of ours; before there are any, without a serial. */
function onOur(disk: Disk | undefined, entry: Entry): Entry {
  return {
    ...Object.fromEntries(Object.entries(entry).filter(([name]) => !FOUND_BY.includes(name))),
    ...(disk && { serial: disk.serial }),
  };
}

/** Bytes that the partitions of a disk need, with room for its tables. */
export function bytesOn(disk: string, entries: readonly Entry[]): number {
  const needed = entries
    .filter(({ type, device }) => type === 'partition' && device === disk)
    .map(({ size, flag }) => (flag === 'logical' ? 0 : (bytesOf(size) ?? 0)) + MIB);
  return Math.ceil((needed.reduce((sum, one) => sum + one, 0) + 16 * MIB) / MIB) * MIB;
}

/** A size as curtin reads it (util.human2bytes): powers of 1024, `B` may follow. */
export function bytesOf(size: unknown): number | null {
  if (typeof size === 'number') return size;
  const match = typeof size === 'string' ? /^(\d{1,15}(?:\.\d{1,6})?)\s?([KMGTP]?)B?$/i.exec(size) : null;
  return match && Math.ceil(Number(match[1]) * 1024 ** UNITS.indexOf(match[2]!.toUpperCase()));
}
