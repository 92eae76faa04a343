import { API } from '../route.ts';
import type { Disk, Filesystem, Machine, Partition } from './state.ts';

export function showDisk(machine: Machine, disk: Disk) {
  const used =
    disk.partitions.reduce((sum, partition) => sum + partition.size, 0) || (disk.filesystem ? disk.size : 0);
  const path = `/dev/disk/by-dname/${disk.name}`;
  return {
    type: disk.type,
    id: disk.id,
    name: disk.name,
    model: disk.model,
    serial: disk.serial,
    firmware_version: null,
    id_path: disk.type === 'physical' ? `/dev/disk/by-id/nvme-${disk.serial}` : null,
    path,
    size: disk.size,
    used_size: used,
    available_size: disk.size - used,
    block_size: 512,
    tags: disk.type === 'physical' ? ['ssd'] : [],
    uuid: null,
    numa_node: 0,
    storage_pool: null,
    partition_table_type: disk.tableType,
    partitions: disk.partitions.map((partition, index) => showPartition(machine, disk, partition, index + 1)),
    filesystem: showFilesystem(disk.filesystem),
    used_for: usedFor(disk),
    system_id: machine.systemId,
    resource_uri: `${API}nodes/${machine.systemId}/blockdevices/${disk.id}/`,
  };
}

function showPartition(machine: Machine, disk: Disk, partition: Partition, index: number) {
  return {
    uuid: partition.uuid,
    size: partition.size,
    bootable: partition.bootable,
    tags: [],
    type: 'partition',
    used_for: partition.filesystem ? usedForMount(partition.filesystem) : 'LVM volume for vgroot',
    system_id: machine.systemId,
    path: `/dev/disk/by-dname/${disk.name}-part${index}`,
    filesystem: showFilesystem(partition.filesystem),
    device_id: disk.id,
    id: partition.id,
    resource_uri: `${API}nodes/${machine.systemId}/blockdevices/${disk.id}/partition/${partition.id}`,
  };
}

function usedFor(disk: Disk): string {
  if (disk.filesystem) return usedForMount(disk.filesystem);
  if (disk.partitions.length === 0) return 'Unused';
  return `${disk.tableType} partitioned with ${disk.partitions.length} partition${disk.partitions.length > 1 ? 's' : ''}`;
}

const usedForMount = (filesystem: Filesystem) =>
  `${filesystem.fstype} formatted filesystem mounted at ${filesystem.mountPoint}`;

const showFilesystem = (filesystem: Filesystem | null) =>
  filesystem && {
    fstype: filesystem.fstype,
    label: filesystem.label,
    uuid: filesystem.uuid,
    mount_point: filesystem.mountPoint,
    mount_options: null,
  };
