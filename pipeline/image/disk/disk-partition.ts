import { basename, dirname } from 'node:path';
import { Fault } from '../../core/faults/fault.ts';
import { $ } from '../../host/process/tool.ts';

/** An ordinary user of Debian has no /usr/sbin on the PATH, where sfdisk and dumpe2fs are. */
export const SBIN = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

/** e2fsprogs take what follows a "?" in a path for options: they get a bare name, and the folder as their own. */
export function inItsFolder(disk: string): { name: string; cwd: string } {
  return { name: basename(disk), cwd: dirname(disk) };
}

/** The location of a file system in a disk image. */
export interface Partition {
  /** Its number in the table; null: the image has no table, it is the file system. */
  number: number | null;
  /** Bytes. */
  offset: number;
  size: number;
}

interface Table {
  partitiontable: {
    sectorsize?: number;
    partitions?: { node: string; start: number; size: number }[];
  };
}

/**
 * The partitions of a disk image, or the whole of one that has no table.
 * @param disk path of a raw image, with a plain file name
 * @param size bytes of the image
 * @throws Fault DISK_UNREADABLE when its table cannot be read; TOOL_MISSING
 */
export async function partitionsOf(disk: string, size: number, signal: AbortSignal): Promise<Partition[]> {
  const { exitCode, stdout, stderr } = await $({
    env: SBIN,
    signal,
    nothrow: true,
    reason: 'find the root partition of a disk image',
  })`sfdisk --json ${disk}`;
  if (exitCode !== 0) {
    if (/recognized partition table/.test(stderr)) return [{ number: null, offset: 0, size }];
    throw new Fault('DISK_UNREADABLE', 'The partition table of the disk cannot be read', {
      hint: 'Use the whole disk of a machine that was shut down; a copy with 4096-byte sectors may have to be converted.',
    });
  }
  const { sectorsize = 512, partitions = [] } = (JSON.parse(stdout) as Table).partitiontable;
  return partitions.map(({ node, start, size: sectors }) => ({
    // "disk2", or "disk1p2" where the name ends in a digit.
    number: Number(node.slice(disk.length).replace(/^p/, '')),
    offset: start * sectorsize,
    size: sectors * sectorsize,
  }));
}

/**
 * Whether the file system was unmounted well, by its superblock.
 * @throws Fault DISK_UNREADABLE when the superblock of an ext4 cannot be read
 */
export async function fileSystemState(
  disk: string,
  { number, offset }: Partition,
  signal: AbortSignal,
): Promise<'clean' | 'dirty'> {
  const { name, cwd } = inItsFolder(disk);
  const { exitCode, stdout } = await $({
    cwd,
    env: SBIN,
    signal,
    nothrow: true,
    reason: 'check whether the file system is clean',
  })`dumpe2fs -h ${name}?offset=${offset}`;
  if (exitCode !== 0)
    throw new Fault(
      'DISK_UNREADABLE',
      `The file system of ${number === null ? 'the disk' : `partition ${number}`} is damaged: its superblock cannot be read`,
      { hint: 'Boot the machine once and shut it down properly, or build again.' },
    );
  const features = /^Filesystem features:(.*)$/m.exec(stdout)?.[1] ?? '';
  const state = /^Filesystem state:\s*(.*)$/m.exec(stdout)?.[1]?.trim();
  return state === 'clean' && !/\bneeds_recovery\b/.test(features) ? 'clean' : 'dirty';
}
