import { createHash } from 'node:crypto';
import type { SandboxContext } from '../context.ts';
import type { Disk, Filesystem, Machine } from './state.ts';

/** As set_storage_layout takes them; 2.8 has no custom one, ZFS needs nothing here. */
export const LAYOUTS = ['bcache', 'blank', 'custom', 'flat', 'lvm', 'vmfs6', 'vmfs7'];

const MIB = 2 ** 20;
const EFI_SIZE = 512 * MIB;
/** The space that MAAS keeps free at both ends of a GPT disk. */
const TABLE = 4 * MIB;
const GPT_FROM = 2 * 2 ** 40;

export const disksOf = (machine: Machine, type: Disk['type']) =>
  machine.disks.filter((disk) => disk.type === type);

export const bootDisk = (machine: Machine): Disk | undefined => disksOf(machine, 'physical')[0];

/** Every file system of the machine that is mounted somewhere. */
export function mounts(machine: Machine): Filesystem[] {
  return machine.disks
    .flatMap((disk) => [disk.filesystem, ...disk.partitions.map((partition) => partition.filesystem)])
    .filter((filesystem) => filesystem !== null);
}

/**
 * Lays out the boot disk. MAAS puts an EFI partition there only when the machine booted by UEFI; `blank` has none.
 * Layouts with caches or datastores get the partitions of the flat one.
 */
export function applyLayout(world: SandboxContext, machine: Machine, layout: string): void {
  machine.disks = disksOf(machine, 'physical').map((disk) => ({
    ...disk,
    tableType: null,
    partitions: [],
    filesystem: null,
  }));
  machine.layout = layout;
  const disk = bootDisk(machine);
  if (!disk || layout === 'blank') return;
  const efi = machine.biosBootMethod === 'uefi';
  disk.tableType = efi || disk.size > GPT_FROM ? 'GPT' : 'MBR';
  const add = (size: number, filesystem: Filesystem | null, bootable: boolean) => {
    const id = world.store.state.machines.next.part++;
    disk.partitions.push({ id, uuid: uuid(`part ${id}`), size, bootable, filesystem });
  };
  const made = (fstype: string, label: string, mountPoint: string) => ({
    fstype,
    label,
    mountPoint,
    uuid: uuid(`fs ${machine.systemId} ${mountPoint} ${world.store.state.machines.next.part}`),
  });
  if (efi) add(EFI_SIZE, made('fat32', 'efi', '/boot/efi'), true);
  const rest = disk.size - TABLE - (efi ? EFI_SIZE : 0);
  if (layout !== 'lvm') return void add(rest, made('ext4', 'root', '/'), false);
  add(rest, null, false);
  machine.disks.push({
    id: world.store.state.machines.next.part++,
    type: 'virtual',
    name: 'vgroot-lvroot',
    model: '',
    serial: '',
    size: rest - TABLE,
    tableType: null,
    partitions: [],
    filesystem: made('ext4', 'root', '/'),
  });
}

/** Why MAAS would refuse to deploy; it looks at the mounts only for systems it lays out itself, so never for a custom image. */
export function storageIssues(machine: Machine): string[] {
  if (machine.ephemeralDeploy) return [];
  if (machine.disks.length === 0)
    return [
      'There are currently no storage devices.  Please add a storage device to be able to deploy this node.',
    ];
  if (!['ubuntu', 'centos', 'rhel'].includes(machine.osystem)) return [];
  const points = mounts(machine).map((filesystem) => filesystem.mountPoint);
  const issues: string[] = [];
  if (!points.includes('/')) issues.push("Mount the root '/' filesystem to be able to deploy this node.");
  if (machine.biosBootMethod === 'uefi' && !points.includes('/boot/efi'))
    issues.push('UEFI system requires a /boot/efi filesystem. Please configure /boot/efi to proceed.');
  return issues;
}

/** The disks that commissioning has found. */
export function foundDisks(world: SandboxContext, machine: Machine): Disk[] {
  return machine.hardware.disks.map((disk) => ({
    ...disk,
    id: world.store.state.machines.next.part++,
    type: 'physical',
    tableType: null,
    partitions: [],
    filesystem: null,
  }));
}

export function uuid(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
