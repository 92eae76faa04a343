import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { crc32, gunzipSync } from 'node:zlib';
import { pack as tarStream } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Compressor, ZLIB } from '../../../pipeline/image/pack/compressor.ts';
import { SIZES as DEFAULT_SIZES } from '../../../pipeline/image/pack/cut.ts';
import { listMembers, removeMembers } from '../../../pipeline/image/pack/member-cache.ts';
import { GROUP_BYTES, type PackOptions, packTar } from '../../../pipeline/image/pack/pack.ts';
import fc from '../../property.ts';

/** The disk of the cache; `apart`: no file can be renamed to it from elsewhere. */
const space = vi.hoisted(() => ({ free: Number.POSITIVE_INFINITY, apart: false, asked: 0 }));
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  return {
    ...fs,
    statfs: async () => {
      space.asked++;
      return { bavail: space.free, bsize: 1 };
    },
    rename: async (from: string, to: string) => {
      if (space.apart && to.includes('/members/') && !from.includes('/members/'))
        throw Object.assign(new Error('EXDEV'), { code: 'EXDEV' });
      await fs.rename(from, to);
    },
  };
});

const SIZES = { least: 4 << 10, mean: 12 << 10, most: 32 << 10 };
const MOST = 1 << 30;

let dir: string;
let cache: string;
let tar: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'members-'));
  cache = join(dir, 'cache');
  tar = join(dir, 'root.tar');
  Object.assign(space, { free: Number.POSITIVE_INFINITY, apart: false, asked: 0 });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const sha = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const folder = () => join(cache, 'members');
const names = () => readdirSync(folder()).sort();

/** Packs, and returns the artifact with what was said; by default with the cache. */
async function pack(options: Partial<PackOptions> = {}) {
  const out = join(dir, 'image.tar.gz');
  const said: string[] = [];
  const packed = await packTar({
    ...{ tar, out, level: 'fast', id: 'pack', compressor: ZLIB, sizes: SIZES },
    cache: { folder: cache, most: MOST },
    emit: (event) => event.type === 'notice' && said.push(event.message),
    ...options,
  });
  expect(sha(out)).toBe(packed.sha256);
  expect(gunzipSync(readFileSync(out)).equals(readFileSync(tar))).toBe(true);
  return { sha256: packed.sha256, members: packed.members, said };
}

type File = readonly [name: string, content: Buffer];

async function writeTar(files: readonly File[]): Promise<void> {
  const stream = tarStream();
  for (const [name, content] of files) stream.entry({ name, mtime: new Date(1_700_000_000_000) }, content);
  stream.finalize();
  writeFileSync(tar, await buffer(stream));
}

const tree = (count: number): File[] =>
  Array.from({ length: count }, (_, i) => [`usr/share/${i}`, Buffer.alloc((i * 7919) % 9000, `${i} `)]);

const file = fc.tuple(
  fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', 'b', 'c', '/') }),
  fc.oneof(fc.nat(2000), fc.nat(70_000)).map((bytes) => Buffer.alloc(bytes, `${bytes} `)),
);
const edit = fc.tuple(fc.nat(200), fc.nat(2), fc.array(file, { maxLength: 3 }));

test.each(['many', 'single'] as const)(
  'an artifact of random trees and edits has the same bytes with the cache and without (%s)',
  async (members) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 25 }),
        fc.array(edit, { minLength: 1, maxLength: 2 }),
        async (files, edits) => {
          let now = [...files];
          for (const [at, removed, added] of [[0, 0, []] as const, ...edits]) {
            now = now.toSpliced(at % (now.length + 1), removed, ...added);
            await writeTar(now);
            const bare = await pack({ members, cache: undefined });
            const cached = await pack({ members });
            expect(cached).toEqual(bare);
            expect(await pack({ members })).toEqual(bare);
          }
        },
      ),
      { numRuns: 5 },
    );
  },
  120_000,
);

/** The number of members that a pack with the cache has compressed: those whose file is new. */
async function compressed(): Promise<number> {
  const before = new Set((await listMembers(cache)).map(({ path }) => basename(path)));
  await pack();
  return names().filter((name) => !before.has(name)).length;
}

test('a second pack compresses what changed, of whichever image', async () => {
  await writeTar(tree(300));
  const all = await compressed();
  expect(all).toBeGreaterThan(50);
  expect(await compressed()).toBe(0);
  await writeTar(tree(300).toSpliced(100, 1, ['usr/share/new', Buffer.alloc(5000, 'new')]));
  const few = await compressed();
  expect(few).toBeGreaterThan(0);
  expect(few).toBeLessThan(5);
});

test('a compressor of another version, another level and another form have members of their own', async () => {
  await writeTar(tree(20));
  await pack();
  const count = names().length;
  const other: Compressor = { tool: 'zlib', version: 'other' };
  for (const [i, options] of [
    { compressor: other },
    { level: 'small' as const },
    { members: 'single' as const },
  ].entries()) {
    await pack(options);
    expect(names()).toHaveLength((i + 2) * count);
  }
});

test.each([false, true])(
  'blocks with the same bytes are kept once (on another file system: %s)',
  async (apart) => {
    space.apart = apart;
    await writeTar([
      ['head', Buffer.alloc(9)],
      ['zeros', Buffer.alloc(40 * SIZES.most)],
    ]);
    const { sha256, members } = await pack({ cache: undefined });
    const blocks = new Set(members!.map((one) => one.sha256));
    expect(members!.length).toBeGreaterThan(blocks.size + 30);
    expect(await pack()).toEqual({ sha256, members, said: [] });
    expect(names()).toHaveLength(blocks.size);
    expect(await pack()).toEqual({ sha256, members, said: [] });
  },
);

test('the space on the disk is asked for after some bytes of tar, and then decides', async () => {
  const whole = Buffer.alloc(10 * GROUP_BYTES);
  for (let at = 0; at + 4 <= whole.length; at += 1 << 16) whole.writeUInt32LE(at + 1, at);
  writeFileSync(tar, whole);
  const emptied = await pack({
    sizes: DEFAULT_SIZES,
    emit: (event) => {
      if (event.type === 'progress' && event.done > whole.length / 2) space.free = 0;
    },
  });
  expect(emptied.members!.length).toBeGreaterThan(names().length);
  expect(names().length).toBeGreaterThan(0);
  expect(space.asked).toBeLessThan(5);
});

test('an artifact is the same from the cache when there are more groups than are at work at once', async () => {
  // No two blocks alike, in parts that pack well, since they are compressed twice.
  const whole = Buffer.alloc(6 * GROUP_BYTES + 5);
  for (let at = 0; at + 4 <= whole.length; at += 1 << 16) whole.writeUInt32LE(at + 1, at);
  writeFileSync(tar, whole);
  const bare = await pack({ cache: undefined, sizes: DEFAULT_SIZES });
  expect(await pack({ sizes: DEFAULT_SIZES })).toEqual(bare);
  expect(await pack({ sizes: DEFAULT_SIZES })).toEqual(bare);
});

describe('a member that lies is found, deleted and made again, with one warning', () => {
  const damage = (act: (path: string, all: string[]) => void) => () => {
    const all = names().map((name) => join(folder(), name));
    act(all[3]!, all);
  };
  const flipped = (byte: (size: number) => number) =>
    damage((path) => {
      const bytes = readFileSync(path);
      bytes[byte(bytes.length)]! ^= 0x10;
      writeFileSync(path, bytes);
    });
  test.each([
    ['a bit of its header', flipped(() => 3)],
    ['a bit in its middle', flipped((size) => size >> 1)],
    ['a bit of its last byte', flipped((size) => size - 1)],
    ['a byte less', damage((path) => truncateSync(path, statSync(path).size - 1))],
    ['a byte more', damage((path) => writeFileSync(path, '\0', { flag: 'a' }))],
    ['nothing', damage((path) => writeFileSync(path, ''))],
    ['the bytes of another one', damage((path, all) => copyFileSync(all[4]!, path))],
    ['all of them damaged', damage((_, all) => void all.map((path) => writeFileSync(path, 'x')))],
    [
      'the name of another one, with the sum of its own',
      damage((path, all) => {
        const key = (name: string) => name.slice(0, folder().length + 65);
        rmSync(path);
        copyFileSync(all[4]!, key(path) + all[4]!.slice(key(path).length));
      }),
    ],
    [
      'the gzip of an older compressor',
      damage((path) => {
        const bytes = readFileSync(path);
        bytes[9] = 0xff;
        writeFileSync(path, bytes);
      }),
    ],
    [
      'more bytes than a compressor makes of its block, with their true sum and number',
      damage((path) => {
        const bytes = Buffer.alloc(100_000, 'x');
        const key = basename(path).slice(0, 64);
        rmSync(path);
        const sum = crc32(bytes, crc32(key)).toString(16).padStart(8, '0');
        writeFileSync(join(folder(), `${key}-${sum}-${bytes.length}`), bytes);
      }),
    ],
    [
      'a folder in its place',
      damage((path) => {
        rmSync(path);
        mkdirSync(path);
      }),
    ],
  ])('%s', async (_, lie) => {
    await writeTar(tree(60));
    const { sha256, members } = await pack({ cache: undefined });
    await pack();
    lie();
    const { said, ...found } = await pack();
    expect(found).toEqual({ sha256, members });
    expect(said).toEqual([expect.stringMatching(/^A member in the cache is not used: .*members/)]);
    expect(await pack()).toEqual({ ...found, said: [] });
  });

  test.each([1, -1])('one of another length is found by it, and not read (%i)', async (more) => {
    await writeTar(tree(60));
    await pack();
    damage((path) => truncateSync(path, statSync(path).size + more))();
    expect((await pack()).said).toEqual([expect.stringMatching(/: it has \d+ of \d+ bytes$/)]);
  });

  test('one that another process deletes meanwhile is made again without a word', async () => {
    await writeTar(tree(60));
    const { sha256 } = await pack();
    const emptied = await pack({
      emit: (event) => event.type === 'progress' && rmSync(folder(), { recursive: true, force: true }),
    });
    expect(emptied.sha256).toBe(sha256);
  });
});

describe('a cache that cannot be written costs one warning', () => {
  test.each<[string, () => void, RegExp]>([
    ['a file in the place of its folder', () => writeFileSync(cache, ''), /cannot be used/],
    [
      'a disk with too little space for the rest of the pack',
      () => {
        space.free = 100_000;
      },
      /No more members are kept in the cache: .*too little space/,
    ],
  ])('%s', async (_, make, said) => {
    await writeTar(tree(60));
    const { sha256 } = await pack({ cache: undefined });
    make();
    for (let i = 0; i < 2; i++) {
      const found = await pack();
      expect(found.sha256).toBe(sha256);
      expect(found.said).toEqual([expect.stringMatching(said)]);
    }
  });

  test('a disk that has just the space for the rest of the pack and the member keeps it', async () => {
    await writeTar([['one', Buffer.alloc(100, 'x')]]);
    const { members } = await pack({ cache: undefined });
    space.free = statSync(tar).size + members![0]!.bytes - 1;
    await pack();
    expect(names()).toEqual([]);
    space.free++;
    await pack();
    expect(names()).toHaveLength(1);
  });
});

test('a cache has no more bytes than it may: those used longest ago are deleted, and files of others stay', async () => {
  await writeTar(tree(60));
  await pack();
  const all = await listMembers(cache);
  const used = all.toSpliced(4, 1);
  const sum = used.reduce((bytes, one) => bytes + one.bytes, 0);
  for (const { path } of used) utimesSync(path, new Date(), new Date(Date.now() - 2 * 3600_000));
  utimesSync(all[4]!.path, new Date(), new Date(Date.now() - 4 * 3600_000));
  writeFileSync(join(folder(), 'notes'), 'of somebody');
  const partial = (name: string, hours: number) => {
    const path = join(folder(), `${'a'.repeat(64)}-01234567-9.partial-${name}`);
    writeFileSync(path, '');
    utimesSync(path, new Date(), new Date(Date.now() - hours * 3600_000));
  };
  partial('1', 25);
  partial('2', 23);
  // Nothing of it is in the cache, so that something is kept; the member itself has 35 bytes or so.
  await writeTar([['one', Buffer.alloc(9)]]);
  const { members } = await pack({ cache: undefined });
  await pack({ cache: { folder: cache, most: sum + members![0]!.bytes } });
  const left = (await listMembers(cache)).map(({ path }) => path);
  expect(left).toHaveLength(used.length + 1);
  expect(left).toEqual(expect.arrayContaining(used.map(({ path }) => path)));
  expect(names().filter((name) => /notes|partial/.test(name))).toEqual([
    expect.stringMatching(/partial-2$/),
    'notes',
  ]);
  await removeMembers(cache);
  expect(names()).toEqual(['notes']);
});

test('a member that is used again counts as used now, unless that was within the hour', async () => {
  await writeTar([['one', Buffer.alloc(9)]]);
  await pack();
  const { path } = (await listMembers(cache))[0]!;
  const usedAgo = async (minutes: number) => {
    utimesSync(path, new Date(), new Date(Date.now() - minutes * 60_000));
    await pack();
    return Math.round((Date.now() - statSync(path).mtimeMs) / 60_000);
  };
  expect(await usedAgo(59)).toBe(59);
  expect(await usedAgo(61)).toBe(0);
});

test('only the owner can read the cache', async () => {
  await writeTar(tree(2));
  await pack();
  expect(statSync(folder()).mode & 0o777).toBe(0o700);
  chmodSync(folder(), 0o500);
  expect((await pack()).said).toEqual([]);
});
