import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { parseLayout } from '../../../pipeline/maas/rehearse/layout-file.ts';
import { disksFor, storageConfig } from '../../../pipeline/maas/rehearse/layouts.ts';
import fc from '../../property.ts';

const GIB = 2 ** 30;
const disk = (id: string, more: object = {}) => ({
  ...{ id, name: id, type: 'disk', ptable: 'gpt', wipe: 'superblock' },
  ...{ model: 'SAMSUNG MZ', serial: `S3${id}`, path: `/dev/disk/by-id/${id}`, wwn: `0x5${id}` },
  ...more,
});
const ROOT = [
  disk('sda', { grub_device: true }),
  { id: 'sda-part1', type: 'partition', device: 'sda', number: 1, size: '536870912B', flag: 'boot' },
  { id: 'sda-part2', type: 'partition', device: 'sda', number: 2, size: '100G' },
  { id: 'sda-part2_format', type: 'format', fstype: 'ext4', volume: 'sda-part2' },
  { id: 'sda-part1_format', type: 'format', fstype: 'fat32', volume: 'sda-part1' },
  { id: 'sda-part2_mount', type: 'mount', path: '/', device: 'sda-part2_format' },
  { id: 'tmp_mount', type: 'mount', path: '/tmp', fstype: 'tmpfs', spec: 'tmpfs' },
  { id: 'sda-part1_mount', type: 'mount', path: '/boot/efi', device: 'sda-part1_format' },
];
const layoutOf = (data: unknown) => parseLayout(stringify(data), 'layout.yaml');
const whole = (config: unknown) => ({ storage: { version: 1, config } });

test.each([
  ['a whole configuration', whole(ROOT)],
  [
    'with its partitioning commands',
    { ...whole(ROOT), partitioning_commands: { builtin: ['curtin', 'block-meta', 'custom'] } },
  ],
  ['its storage', { version: 1, config: ROOT }],
  ['its entries alone', ROOT],
])('%s is a layout', (_, data) => {
  const layout = layoutOf(data);
  expect(layout).toMatchObject({ disks: 1, mounts: ['/', '/tmp', '/boot/efi'] });
});

test('its disks become ours, in their order; nothing of the other machine’s is left', () => {
  const layout = layoutOf(whole([...ROOT, disk('nvme0n1', { nvme_controller: 'c0' })]));
  const disks = disksFor(layout, 3, 16 * GIB);
  const { config } = storageConfig(layout, disks).storage as { config: Record<string, unknown>[] };
  const own = config.filter(({ type }) => type === 'disk');
  expect(own.map(({ id, serial }) => [id, serial])).toEqual([
    ['sda', 'rehearsal-1'],
    ['nvme0n1', 'rehearsal-2'],
    ['vdc', 'rehearsal-3'],
  ]);
  expect(JSON.stringify(own)).not.toMatch(/S3|SAMSUNG|by-id|0x5|c0/);
  expect(own[0]).toMatchObject({ grub_device: true, wipe: 'superblock', ptable: 'gpt' });
});

test.each([
  ['100G', 100 * GIB],
  ['107374182400B', 100 * GIB],
  [107374182400, 100 * GIB],
  ['0.5T', 512 * GIB],
  ['102400 MB', 100 * GIB],
])('a disk is as large as a partition of %s needs', (size, least) => {
  const layout = layoutOf(ROOT.map((one) => (one.id === 'sda-part2' ? { ...one, size } : one)));
  const [{ bytes }] = disksFor(layout, 1, 16 * GIB) as unknown as [{ bytes: number }];
  expect(bytes).toBeGreaterThan(least + 512 * 2 ** 20);
  expect(bytes).toBeLessThan(least + GIB);
});

describe('a file without a layout', () => {
  test.each([
    ['nothing', null, /no list of entries/],
    ['a text', 'flat', /no list of entries/],
    ['a storage without entries', { storage: { version: 1 } }, /no list of entries/],
    ['no entries', whole([]), /no list of entries/],
    ['an entry that is a text', whole(['sda']), /storage\.config\[0\]: an entry is a mapping/],
    ['an entry without type', whole([{ id: 'sda' }]), /an id and a type/],
    ['an id of two', whole([...ROOT, disk('sda')]), /"sda" is the id of an earlier entry/],
    ['a device that is not there', whole([{ ...ROOT[1] }, ...ROOT]), /no earlier entry has the id "sda"/],
    [
      'an array of something else',
      whole([...ROOT, { id: 'md0', type: 'raid', devices: ['sdx', 3] }]),
      /no earlier entry has the id "sdx"/,
    ],
    ['no disk', whole([{ id: 'm', type: 'mount', path: '/', fstype: 'tmpfs' }]), /0 disks/],
    ['too many disks', whole(Array.from({ length: 17 }, (_, at) => disk(`sd${at}`))), /17 disks/],
    ['no root', whole(ROOT.slice(0, 5)), /mounts no \//],
  ])('%s', (_, data, message) => {
    expect(() => layoutOf(data)).toThrow(message);
    try {
      layoutOf(data);
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 3, where: { file: 'layout.yaml' } });
    }
  });

  test('any other data is refused by a fault of ours', () => {
    const names = fc.constantFrom(
      'id',
      'type',
      'disk',
      'device',
      'devices',
      'path',
      '/',
      'sda',
      'mount',
      'storage',
      'config',
      '__proto__',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        names,
        fc.integer(),
        fc.constant(null),
        tie('list'),
        tie('map'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      map: fc.dictionary(names, tie('value'), { maxKeys: 5 }),
    }));
    fc.assert(
      fc.property(value, (data) => {
        try {
          layoutOf(data);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});
