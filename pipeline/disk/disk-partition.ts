import { basename, dirname } from 'node:path';
import { Fault } from '../errors/fault.ts';
import { run } from '../process/run.ts';

/** An ordinary user of Debian has no /usr/sbin on the PATH, where sfdisk and dumpe2fs are. */
export const SBIN = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

/** e2fsprogs take what follows a "?" in a path for options: they get a bare name, and the folder as their own. */
export function inItsFolder(disk: string): { name: string; cwd: string } {
  return { name: basename(disk), cwd: dirname(disk) };
}

/** Where a file system lies in a disk image. */
export interface Partition {
  /** Its number in the table; null: the image has no table, it is the file system. */
  number: number | null;
  /** Bytes. */
  offset: number;
  size: number;
}

/** Types of partitions that hold a Linux file system: GPT's "Linux filesystem" and roots by architecture, and MBR's. */
const LINUX = new Set([
  '0FC63DAF-8483-4772-8E79-3D69D8477DE4',
  '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709',
  'B921B045-1DF0-41C3-AF44-4C6F280D3FAE',
  '83',
]);

interface Table {
  partitiontable: {
    sectorsize?: number;
    partitions?: { node: string; start: number; size: number; type: string }[];
  };
}

/**
 * The partition of that number, else the largest with a Linux file system.
 * @param disk path of a raw image, with a plain file name
 * @param size bytes of the image
 * @throws Fault DISK_UNREADABLE that lists the partitions there are; TOOL_MISSING
 */
export async function findPartition(
  disk: string,
  size: number,
  wanted: number | undefined,
  signal: AbortSignal,
): Promise<Partition> {
  const { exitCode, stdout, stderr } = await run(['sfdisk', '--json', disk], {
    env: SBIN,
    signal,
    reason: 'find the root partition of a disk image',
  });
  if (exitCode !== 0) {
    if (!/recognized partition table/.test(stderr))
      throw new Fault('DISK_UNREADABLE', `sfdisk cannot read ${disk}`, { detail: stderr.trim() });
    if (wanted !== undefined)
      throw new Fault('DISK_UNREADABLE', `The disk has no partition ${wanted}: it has no partition table`);
    return { number: null, offset: 0, size };
  }
  const { sectorsize = 512, partitions = [] } = (JSON.parse(stdout) as Table).partitiontable;
  const all = partitions.map(({ node, start, size: sectors, type }) => ({
    // "disk2", or "disk1p2" where the name ends in a digit.
    number: Number(node.slice(disk.length).replace(/^p/, '')),
    offset: start * sectorsize,
    size: sectors * sectorsize,
    type: type.toUpperCase(),
  }));
  const found =
    wanted === undefined
      ? all.filter(({ type }) => LINUX.has(type)).sort((a, b) => b.size - a.size)[0]
      : all.find(({ number }) => number === wanted);
  const list = all.map((p) => `${p.number}: ${p.size} bytes, type ${p.type}`).join('\n');
  if (!found)
    throw new Fault(
      'DISK_UNREADABLE',
      wanted === undefined
        ? 'The disk has no partition for a Linux file system'
        : `The disk has no partition ${wanted}`,
      {
        hint: 'Name the one with the root by --partition N.',
        detail: list || 'The partition table is empty.',
      },
    );
  if (found.offset + found.size > size)
    throw new Fault(
      'DISK_UNREADABLE',
      `Partition ${found.number} ends ${found.offset + found.size - size} bytes behind the end of the disk: the file is cut off`,
    );
  const { number, offset, size: bytes } = found;
  return { number, offset, size: bytes };
}

/**
 * Whether the file system was unmounted well, by its superblock.
 * @throws Fault DISK_UNREADABLE when it is no ext2, ext3 or ext4
 */
export async function fileSystemState(
  disk: string,
  { number, offset }: Partition,
  signal: AbortSignal,
): Promise<'clean' | 'dirty'> {
  const { name, cwd } = inItsFolder(disk);
  const { exitCode, stdout, stderr } = await run(['dumpe2fs', '-h', `${name}?offset=${offset}`], {
    cwd,
    env: SBIN,
    signal,
    reason: 'look whether the file system is clean',
  });
  if (exitCode !== 0)
    throw new Fault(
      'DISK_UNREADABLE',
      `${number === null ? 'The disk' : `Partition ${number}`} holds no ext4 file system`,
      {
        hint: 'Give a disk whose root is ext4, as DGX OS installs it; another partition is named by --partition N.',
        detail: stderr.trim().split('\n').slice(-3).join('\n'),
      },
    );
  const features = /^Filesystem features:(.*)$/m.exec(stdout)?.[1] ?? '';
  const state = /^Filesystem state:\s*(.*)$/m.exec(stdout)?.[1]?.trim();
  return state === 'clean' && !/\bneeds_recovery\b/.test(features) ? 'clean' : 'dirty';
}
