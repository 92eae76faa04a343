import { describe, expect, test } from 'vitest';
import { disksFor, LAYOUTS, namedLayout, storageConfig } from '../../../pipeline/maas/rehearse/layouts.ts';

const GIB = 2 ** 30;
type Entry = Record<string, unknown> & { id: string; type: string };
const entries = (name: string, disks = 1) => {
  const layout = namedLayout(name)!;
  const { storage } = storageConfig(layout, disksFor(layout, disks, 16 * GIB)) as {
    storage: { config: Entry[] };
  };
  return storage.config;
};

describe.each(Object.keys(LAYOUTS))('%s', (layout) => {
  test('each entry follows those it stands on, and no id is there twice', () => {
    const seen = new Set<string>();
    for (const entry of entries(layout)) {
      const needs = [entry.device, entry.volume, entry.volgroup, entry.backing_device, entry.cache_device];
      needs.push(...((entry.devices as string[]) ?? []));
      for (const id of needs) if (id !== undefined) expect(seen).toContain(id);
      expect(seen).not.toContain(entry.id);
      seen.add(entry.id);
    }
  });

  test('the partitions of a disk fit on it', () => {
    for (const disk of entries(layout).filter(({ type }) => type === 'disk')) {
      const sizes = entries(layout)
        .filter(({ type, device }) => type === 'partition' && device === disk.id)
        .map(({ size }) => Number.parseInt(size as string, 10));
      expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(16 * GIB - 5 * 2 ** 20);
    }
  });

  test('one disk boots; a disk that the layout has no use for is given to curtin as well', () => {
    const disks = (count: number) => entries(layout, count).filter(({ type }) => type === 'disk');
    expect(disks(1)[0]!.grub_device).toBe(true);
    expect(disks(1)).toHaveLength(namedLayout(layout)!.disks);
    expect(disks(4).map(({ serial }) => serial)).toEqual([1, 2, 3, 4].map((n) => `rehearsal-${n}`));
  });
});

test('a mirror has its two disks, and the root on it', () => {
  const raid = entries('raid1').find(({ type }) => type === 'raid');
  expect(raid).toMatchObject({ raidlevel: 1, devices: ['vda-part2', 'vdb-part1'] });
  expect(entries('raid1').find(({ path }) => path === '/')).toMatchObject({ device: 'md0_format' });
});
