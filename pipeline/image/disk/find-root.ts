import { Fault } from '../../core/faults/fault.ts';
import { type Partition, partitionsOf } from './disk-partition.ts';
import { type Content, contentOf, noRoot } from './partition-content.ts';

/**
 * The partition with the root file system: the one of that number, else the largest that holds a root in ext4, whatever its type is
 * called in the table.
 * @param size bytes of the disk
 * @throws Fault DISK_UNREADABLE that names what there is instead, and what can be done; TOOL_MISSING
 */
export async function findRoot(
  disk: string,
  size: number,
  wanted: number | undefined,
  signal: AbortSignal,
): Promise<Partition> {
  const all = await partitionsOf(disk, size, signal);
  const some = wanted === undefined ? all : all.filter(({ number }) => number === wanted);
  if (some.length === 0)
    throw new Fault(
      'DISK_UNREADABLE',
      wanted === undefined
        ? 'The partition table of the disk is empty'
        : `The disk has no partition ${wanted}`,
      {
        hint: 'Choose the one with the root with --partition N.',
        detail: all.map((p) => `${p.number ?? 'no partition table'}: ${p.size} bytes`).join('\n'),
      },
    );
  const found: { partition: Partition; content: Content }[] = [];
  for (const partition of some) {
    const content =
      partition.offset >= size
        ? { type: null, words: 'it is beyond the end of the file', root: false }
        : await contentOf(disk, partition, signal);
    found.push({ partition, content });
  }
  const [root] = found
    .filter(({ content }) => content.root)
    .sort((a, b) => b.partition.size - a.partition.size);
  if (!root) throw noRoot(found);
  const { number, offset, size: bytes } = root.partition;
  if (offset + bytes > size)
    throw new Fault(
      'DISK_UNREADABLE',
      `Partition ${number} ends ${offset + bytes - size} bytes beyond the end of the disk: the file is truncated`,
    );
  return root.partition;
}
