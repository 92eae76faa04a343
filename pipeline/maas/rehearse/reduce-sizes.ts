import { bytes as human } from '../../core/text/human.ts';
import { bytesOf, bytesOn } from './layout-file.ts';
import type { Entry, Layout } from './layouts.ts';

const MIB = 2 ** 20;
/** Bytes of a partition at most: a mirror of terabytes would be written to the host's disk while it synchronises. */
const LARGEST_PARTITION = 64 * 2 ** 30;
/** Bytes for tables of partitions and the metadata of arrays and groups. */
const OVERHEAD = 256 * MIB;

/**
 * A layout of a real machine with its large partitions made smaller, and the logical volumes so that they fit into what is left of their group.
 * @returns what replaces the members of the layout, and each change as a sentence
 */
export function reduced(layout: Layout): { entries: Partial<Layout>; changes: string[] } {
  const before = layout.entries([]);
  const sizes = new Map<string, number>();
  const changes: string[] = [];
  const shrink = (id: string, from: number, to: number) => {
    sizes.set(id, to);
    changes.push(`storage: ${id}: ${human(from)} become ${human(to)}`);
  };
  for (const { id, type, size, flag } of before) {
    const bytes = bytesOf(size);
    if (type === 'partition' && flag !== 'extended' && bytes !== null && bytes > LARGEST_PARTITION)
      shrink(String(id), bytes, LARGEST_PARTITION);
  }
  if (changes.length === 0) return { entries: {}, changes };
  const byId = new Map(before.map((entry) => [String(entry.id), entry]));
  const known = new Map<string, number>();
  const capacity = (id: string): number => {
    const found = known.get(id) ?? capacityOf(byId.get(id), capacity, sizes);
    known.set(id, found);
    return found;
  };
  for (const group of before.filter(({ type }) => type === 'lvm_volgroup')) {
    const volumes = before.filter(({ type, volgroup }) => type === 'lvm_partition' && volgroup === group.id);
    const wanted = volumes.reduce((sum, { size }) => sum + (bytesOf(size) ?? 0), 0);
    const room = capacity(String(group.id));
    if (wanted <= room) continue;
    for (const { id, size } of volumes) {
      const bytes = bytesOf(size) ?? 0;
      shrink(
        String(id),
        bytes,
        Math.max(4 * MIB, Math.floor((bytes * (room / wanted)) / (4 * MIB)) * 4 * MIB),
      );
    }
  }
  const change = (entries: readonly Entry[]) =>
    entries.map((entry) =>
      sizes.has(String(entry.id)) ? { ...entry, size: `${sizes.get(String(entry.id))}B` } : entry,
    );
  const now = change(before);
  const disks = before.filter(({ type }) => type === 'disk');
  return {
    entries: {
      leastBytes: disks.map(({ id }) => bytesOn(String(id), now)),
      entries: (own) => change(layout.entries(own)),
    },
    changes,
  };
}

/** The bytes that an entry offers to those on it; an entry stands on earlier ones only. */
function capacityOf(
  entry: Entry | undefined,
  capacity: (id: string) => number,
  sizes: ReadonlyMap<string, number>,
): number {
  if (entry === undefined) return 0;
  const devices = (Array.isArray(entry.devices) ? entry.devices : []).map((id) => capacity(String(id)));
  if (entry.type === 'partition') return sizes.get(String(entry.id)) ?? bytesOf(entry.size) ?? 0;
  if (entry.type === 'lvm_volgroup')
    return devices.reduce((sum, one) => sum + Math.max(0, one - OVERHEAD), 0);
  if (entry.type === 'bcache') return capacity(String(entry.backing_device)) - OVERHEAD;
  if (entry.type === 'raid')
    return Math.max(0, Math.min(...devices) * dataDisks(entry, devices.length) - OVERHEAD);
  // A whole disk has room enough for the smallest of them.
  return LARGEST_PARTITION;
}

function dataDisks({ raidlevel }: Entry, count: number): number {
  const level = String(raidlevel).replace(/^raid-?/, '');
  if (level === '0' || level === 'stripe') return count;
  if (level === '5') return count - 1;
  if (level === '6') return count - 2;
  return level === '10' ? Math.floor(count / 2) : 1;
}
