import type { Disk } from './types.ts';

const GIB = 2 ** 30;
const ESP_BYTES = 512 * 2 ** 20;
/** In front of the first partition, and behind the last: the tables. */
const MARGIN_BYTES = 4 * 2 ** 20;

/** One entry of curtin's storage configuration, version 1. */
export type Entry = Record<string, unknown>;

export interface Layout {
  help: string;
  /** The number of disks that it needs. */
  disks: number;
  /** The mount points of its file systems. */
  mounts: readonly string[];
  /** Bytes that its partitions need on each disk; absent: they take what there is. */
  leastBytes?: readonly number[];
  entries(disks: readonly Disk[]): Entry[];
}

const ROOT_AND_ESP = ['/', '/boot/efi'];

/** The storage layouts of MAAS that can be rehearsed, as MAAS gives them to curtin for a machine that boots by UEFI. */
export const LAYOUTS = {
  flat: {
    help: 'one partition',
    disks: 1,
    mounts: ROOT_AND_ESP,
    entries: ([disk]: readonly Disk[]) => [
      ...bootDisk(disk!),
      ...partition(disk!, 2, rest(disk!)),
      ...root(`${disk!.name}-part2`),
    ],
  },
  lvm: {
    help: 'a volume group of one disk',
    disks: 1,
    mounts: ROOT_AND_ESP,
    entries: ([disk]: readonly Disk[]) => [
      ...bootDisk(disk!),
      ...partition(disk!, 2, rest(disk!)),
      { id: 'vgroot', name: 'vgroot', type: 'lvm_volgroup', devices: [`${disk!.name}-part2`] },
      {
        id: 'vgroot-lvroot',
        name: 'lvroot',
        type: 'lvm_partition',
        volgroup: 'vgroot',
        size: `${rest(disk!) - 4 * MARGIN_BYTES}B`,
      },
      ...root('vgroot-lvroot'),
    ],
  },
  raid1: {
    help: 'a mirror of two disks, the ESP on the first',
    disks: 2,
    mounts: ROOT_AND_ESP,
    entries: ([first, second]: readonly Disk[]) => [
      ...bootDisk(first!),
      ...partition(first!, 2, rest(first!)),
      // MAAS marks every disk of an array that has the boot disk in it.
      disk(second!, true),
      ...partition(second!, 1, rest(second!)),
      {
        id: 'md0',
        name: 'md0',
        type: 'raid',
        raidlevel: 1,
        devices: [`${first!.name}-part2`, `${second!.name}-part1`],
        spare_devices: [],
      },
      ...root('md0'),
    ],
  },
  bcache: {
    help: 'a disk with a cache on a second one; the image needs bcache-tools',
    disks: 2,
    mounts: ROOT_AND_ESP,
    entries: ([first, second]: readonly Disk[]) => [
      ...bootDisk(first!),
      ...partition(first!, 2, rest(first!)),
      disk(second!, false),
      ...partition(second!, 1, rest(second!)),
      {
        id: 'bcache0',
        name: 'bcache0',
        type: 'bcache',
        backing_device: `${first!.name}-part2`,
        cache_device: `${second!.name}-part1`,
        cache_mode: 'writethrough',
      },
      ...root('bcache0'),
    ],
  },
} satisfies Readonly<Record<string, Layout>>;

/** One of the layouts by its name; undefined for any other. */
export const namedLayout = (name: string): Layout | undefined =>
  Object.hasOwn(LAYOUTS, name) ? LAYOUTS[name as keyof typeof LAYOUTS] : undefined;

/** The disks of a machine on which each of several layouts can be. */
export function roomFor(layouts: readonly Layout[]): Pick<Layout, 'disks' | 'leastBytes'> {
  const disks = Math.max(...layouts.map((one) => one.disks));
  const least = (at: number) => Math.max(...layouts.map(({ leastBytes }) => leastBytes?.[at] ?? 0));
  return { disks, leastBytes: Array.from({ length: disks }, (_, at) => least(at)) };
}

/** Disks for a layout, as virtio names them. @param bytes of each that needs no more */
export function disksFor(
  layout: Pick<Layout, 'disks' | 'leastBytes'>,
  atLeast: number,
  bytes: number,
): Disk[] {
  const count = Math.max(layout.disks, atLeast);
  return Array.from({ length: count }, (_, at) => ({
    name: `vd${String.fromCharCode(97 + at)}`,
    serial: `rehearsal-${at + 1}`,
    bytes: Math.max(bytes, layout.leastBytes?.[at] ?? 0),
  }));
}

/** The bytes of each disk for an artifact of so many: its root, unpacked, and what curtin and the first boot write beside it. The file is sparse. */
export const diskBytes = (artifact: number) => Math.max(16 * GIB, Math.ceil((artifact * 6) / GIB + 8) * GIB);

/** The storage configuration of a layout: the root's mount comes first, as MAAS sorts them. */
export function storageConfig(layout: Layout, disks: readonly Disk[]): Record<string, unknown> {
  const entries = layout.entries(disks);
  const used = new Set(entries.map(({ serial }) => serial));
  // As MAAS gives a disk that has no partitions: wiped, without a table.
  const spare = disks
    .filter(({ serial }) => !used.has(serial))
    .map(({ name, serial }) => ({
      ...{ id: name, name, type: 'disk', serial, wipe: 'superblock' },
    }));
  return {
    partitioning_commands: { builtin: ['curtin', 'block-meta', 'custom'] },
    storage: { version: 1, config: [...entries, ...spare] },
  };
}

const disk = ({ name, serial }: Disk, boot: boolean): Entry => ({
  id: name,
  name,
  type: 'disk',
  ptable: 'gpt',
  serial,
  wipe: 'superblock',
  ...(boot ? { grub_device: true } : {}),
});

const rest = ({ bytes }: Disk) => bytes - ESP_BYTES - 2 * MARGIN_BYTES;

function bootDisk(one: Disk): Entry[] {
  return [disk(one, true), ...partition(one, 1, ESP_BYTES, { flag: 'boot' })];
}

const partition = ({ name }: Disk, number: number, bytes: number, more: Entry = {}): Entry[] => [
  {
    id: `${name}-part${number}`,
    name: `${name}-part${number}`,
    type: 'partition',
    device: name,
    number,
    size: `${bytes}B`,
    wipe: 'superblock',
    ...(number === 1 ? { offset: `${MARGIN_BYTES}B` } : {}),
    ...more,
  },
];

/** The file systems of the root on a volume and of the ESP, which is on the first disk. */
function root(volume: string): Entry[] {
  const esp = 'vda-part1';
  return [
    { id: `${esp}_format`, type: 'format', fstype: 'fat32', label: 'efi', volume: esp },
    { id: `${volume}_format`, type: 'format', fstype: 'ext4', label: 'root', volume },
    { id: `${volume}_mount`, type: 'mount', path: '/', device: `${volume}_format` },
    { id: `${esp}_mount`, type: 'mount', path: '/boot/efi', device: `${esp}_format` },
  ];
}
