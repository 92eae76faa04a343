import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { fileSystemState, partitionsOf } from '../../../pipeline/image/disk/disk-partition.ts';
import { findRoot } from '../../../pipeline/image/disk/find-root.ts';
import { contentOf, noRoot } from '../../../pipeline/image/disk/partition-content.ts';

type Answer = { exitCode?: number; stdout?: string; stderr?: string };

/** The answers of the tools by name, in the form that sfdisk 2.38, blkid 2.38 and e2fsprogs 1.47 gave them. */
const tools = vi.hoisted(() => new Map<string, (argument: string) => unknown>());
vi.mock('../../../pipeline/host/process/tool.ts', () => ({
  $:
    () =>
    async (pieces: TemplateStringsArray, ...args: (string | number)[]) => {
      const line = String.raw({ raw: pieces }, ...args);
      const [name = ''] = line.split(' ');
      return { exitCode: 0, stdout: '', stderr: '', ...(tools.get(name)?.(line) as Answer) };
    },
}));
const answers = (name: string, answer: Answer | ((line: string) => Answer)) =>
  tools.set(name, typeof answer === 'function' ? answer : () => answer);

let dir: string;
let disk: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'disk-content-'));
  disk = join(dir, 'disk');
});
afterAll(() => rmSync(dir, { recursive: true }));
beforeEach(() => {
  tools.clear();
  writeFileSync(disk, Buffer.alloc(4096));
});

const { signal } = new AbortController();
const table = (...partitions: [start: number, size: number][]) => ({
  stdout: JSON.stringify({
    partitiontable: {
      partitions: partitions.map(([start, size], i) => ({ node: `${disk}${i + 1}`, start, size })),
    },
  }),
});
const listing = (...names: string[]) => ({
  stdout: ['.', '..', ...names].map((name, i) => `/${i + 2}/040755/0/0/${name}//\n`).join(''),
});

describe('partitions', () => {
  test('are counted in sectors of the size that the table states, else of 512 bytes', async () => {
    answers('sfdisk', table([1, 2], [4, 5]));
    expect(await partitionsOf(disk, 9000, signal)).toEqual([
      { number: 1, offset: 512, size: 1024 },
      { number: 2, offset: 2048, size: 2560 },
    ]);
    answers('sfdisk', {
      stdout: JSON.stringify({
        partitiontable: { sectorsize: 4096, partitions: [{ node: `${disk}p7`, start: 1, size: 2 }] },
      }),
    });
    expect(await partitionsOf(disk, 9000, signal)).toEqual([{ number: 7, offset: 4096, size: 8192 }]);
  });

  test('are none where there is no table, and a fault where it cannot be read', async () => {
    answers('sfdisk', { exitCode: 1, stderr: 'disk: does not contain a recognized partition table' });
    expect(await partitionsOf(disk, 9000, signal)).toEqual([{ number: null, offset: 0, size: 9000 }]);
    answers('sfdisk', { exitCode: 1, stderr: 'cannot open: Input/output error' });
    await expect(partitionsOf(disk, 9000, signal)).rejects.toMatchObject({
      message: 'The partition table of the disk cannot be read',
    });
  });
});

describe('a file system is', () => {
  const state = (state: string, features = 'has_journal extent', exitCode = 0, number: number | null = 2) => {
    answers('dumpe2fs', {
      exitCode,
      stdout: `Filesystem features:      ${features}\nFilesystem state:         ${state}\n`,
    });
    return fileSystemState(disk, { number, offset: 0, size: 4096 }, signal);
  };

  test.each<[string, string, string, string]>([
    ['unmounted well', 'clean', 'has_journal', 'clean'],
    ['not unmounted', 'not clean', 'has_journal', 'dirty'],
    ['with a journal to replay', 'clean', 'has_journal needs_recovery', 'dirty'],
  ])('one %s', async (_, words, features, expected) => {
    expect(await state(words, features)).toBe(expected);
  });

  test.each([
    [null, 'the disk'],
    [2, 'partition 2'],
  ])('damaged when its superblock cannot be read: number %s', async (number, place) => {
    await expect(state('', '', 1, number)).rejects.toMatchObject({
      message: `The file system of ${place} is damaged: its superblock cannot be read`,
    });
  });
});

describe('a partition contains', () => {
  const content = async (type: string | null, names: string[] = []) => {
    answers('blkid', { stdout: type === null ? '' : `DEVNAME=disk\nTYPE=${type}\n` });
    answers('debugfs', listing(...names));
    return contentOf(disk, { number: 1, offset: 0, size: 4096 }, signal);
  };

  test.each<[string, string, string[]]>([
    ['a root with /etc alone', 'ext4', ['etc']],
    ['a root with /usr alone', 'ext2', ['lost+found', 'usr']],
  ])('%s', async (_, type, names) => {
    expect(await content(type, names)).toEqual({ type, words: type, root: true });
  });

  test.each<[string, string, string[]]>([
    ['ext4, a separate /boot: grub', 'ext4', ['grub']],
    ['ext4, a separate /boot: vmlinuz-5.4', 'ext4', ['vmlinuz-5.4']],
    ['ext4, no root file system: a, b, c, d, e', 'ext4', ['a', 'b', 'c', 'd', 'e', 'f']],
    ['ext3, no root file system: nothing', 'ext3', []],
    ['an LVM physical volume', 'LVM2_member', ['etc']],
    ['a member of a RAID (isw_raid_member)', 'isw_raid_member', []],
    ['toString', 'toString', []],
    ['reiserfs', 'reiserfs', []],
  ])('%s, and no root', async (words, type, names) => {
    expect(await content(type, names)).toEqual({ type, words, root: false });
  });

  /** The type of a partition of which blkid knows nothing. */
  const magic = async (offset: number, at: number, mark: Buffer, bytes = 300_000) => {
    const whole = Buffer.alloc(offset + bytes);
    mark.copy(whole, offset + at);
    writeFileSync(disk, whole);
    answers('blkid', {});
    return (await contentOf(disk, { number: 1, offset, size: bytes }, signal)).type;
  };
  const uberblock = Buffer.alloc(8);
  uberblock.writeBigUInt64LE(0x00bab10cn);

  test.each<[string | null, string, number, Buffer, number?]>([
    ['LVM2_member', 'a volume with a wrong sum', 512, Buffer.from('LABELONE')],
    ['F2FS', 'a format that has no other name', 1024, Buffer.from('1020f5f2', 'hex')],
    ['zfs_member', 'the first uberblock of a pool', 131_072, uberblock],
    ['zfs_member', 'a later one, of the other byte order', 131_072 + 2048, Buffer.from(uberblock).reverse()],
    ['zfs_member', 'one at the very end', 131_072, uberblock, 131_080],
    [null, 'one between two', 131_072 + 512, uberblock],
    [null, 'a table, which is of a disk', 510, Buffer.from('55aa', 'hex')],
    [null, 'a tar', 257, Buffer.from('ustar')],
  ])('%s, by the magic of %s', async (type, _, at, mark, bytes) => {
    expect(await magic(0, at, mark, bytes)).toBe(type);
    expect(await magic(4096, at, mark, bytes)).toBe(type);
  });
});

describe('a root is', () => {
  /** Partitions of so many bytes, each with a root. */
  const find = (partitions: [number, number][], wanted?: number, size = 1 << 20) => {
    answers('sfdisk', table(...partitions));
    answers('blkid', { stdout: 'TYPE=ext4\n' });
    answers('debugfs', listing('etc'));
    return findRoot(disk, size, wanted, signal);
  };

  test.each<[string, number, [number, number][], number | undefined]>([
    [
      'the largest',
      2,
      [
        [1, 8],
        [9, 20],
        [29, 4],
      ],
      undefined,
    ],
    [
      'the one that is asked for',
      3,
      [
        [1, 8],
        [9, 20],
        [29, 4],
      ],
      3,
    ],
    ['one that ends with the disk', 1, [[1, 2047]], undefined],
    [
      'none that begins behind the end',
      1,
      [
        [1, 8],
        [2048, 20],
      ],
      undefined,
    ],
  ])('%s', async (_, number, partitions, wanted) => {
    expect(await find(partitions, wanted)).toMatchObject({ number });
  });

  test.each<[string, [number, number][], number | undefined]>([
    ['The partition table of the disk is empty', [], undefined],
    ['The disk has no partition 3', [[1, 8]], 3],
    ['Partition 1 ends 512 bytes beyond the end of the disk: the file is truncated', [[1, 2048]], undefined],
    ['Partition 1 contains no ext4 file system', [[2048, 8]], undefined],
  ])('not there: %s', async (message, partitions, wanted) => {
    await expect(find(partitions, wanted)).rejects.toMatchObject({ code: 'DISK_UNREADABLE', message });
  });
});

describe('without a root', () => {
  const found = (...contents: [type: string | null, words: string][]) =>
    contents.map(([type, words], i) => ({
      partition: { number: i === 0 ? null : i, offset: 0, size: 1 },
      content: { type, words, root: false },
    }));

  test.each<[string, [string | null, string][], string, RegExp]>([
    [
      'one format',
      [['xfs', 'xfs']],
      'The disk is not a root file system in ext4: it contains xfs',
      /^Only ext4 is read/,
    ],
    [
      'swap',
      [['swap', 'swap']],
      'The disk is not a root file system in ext4: it contains swap',
      /^It contains no files/,
    ],
    [
      'nothing known',
      [[null, '?']],
      'The disk contains no ext4 file system',
      /^Use a disk whose root is ext4/,
    ],
    [
      'several',
      [
        ['vfat', 'FAT'],
        ['ext4', 'ext4, home'],
      ],
      'The disk has no partition with a root file system in ext4',
      /^Use the disk that has the root, in ext4/,
    ],
    [
      'a /boot beside FAT',
      [
        ['vfat', 'FAT'],
        ['ext4', 'a separate /boot'],
      ],
      'The disk has no partition with a root file system in ext4',
      /^The root is on another disk/,
    ],
    [
      'a /boot beside LUKS',
      [
        ['ext4', 'a separate /boot'],
        ['crypto_LUKS', 'LUKS'],
      ],
      'The disk has no partition with a root file system in ext4',
      /^Open it on a machine that has the key/,
    ],
    [
      'no partition',
      [],
      'The disk has no partition with a root file system in ext4',
      /^Use a disk whose root is ext4/,
    ],
  ])('%s is named, with the remedy', (_, contents, message, hint) => {
    expect(noRoot(found(...contents))).toMatchObject({ message, hint: expect.stringMatching(hint) });
  });
});
