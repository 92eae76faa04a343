import { buffer } from 'node:stream/consumers';
import { type Header, pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { Cutter, type Sizes, windowOf } from '../../../pipeline/image/pack/cut.ts';
import fc from '../../property.ts';

/** Small, so that a tar of some kilobytes has many blocks. */
const SIZES: Sizes = { least: 4 << 10, mean: 12 << 10, most: 32 << 10 };

type File = Partial<Header> & { content: Buffer };

async function tarOf(files: readonly File[]): Promise<Buffer> {
  const tar = pack();
  for (const { content, ...header } of files) tar.entry(header as Header, content);
  tar.finalize();
  return await buffer(tar);
}

/** @param window bytes that are seen at once */
function blocksOf(tar: Buffer, window = tar.length, sizes = SIZES): Buffer[] {
  const cutter = new Cutter(sizes);
  const blocks: Buffer[] = [];
  for (let at = 0; at < tar.length; ) {
    const seen = tar.subarray(at, at + window);
    const length = cutter.next(seen, at + seen.length === tar.length);
    if (length === null) throw new Error(`no block in ${seen.length} bytes at ${at}`);
    blocks.push(tar.subarray(at, at + length));
    at += length;
  }
  return blocks;
}

const lengths = (blocks: readonly Buffer[]) => blocks.map(({ length }) => length);
const mtime = new Date(1_700_000_000_000);
const file = (name: string, bytes: number): File => ({
  ...{ name, mtime },
  content: Buffer.alloc(bytes, `${name} `),
});
/** As a root has them: many small files, some large ones. */
const tree = (count: number) =>
  Array.from({ length: count }, (_, i) => file(`usr/share/${i}/file`, (i * 7919) % 3000));

const files = fc.array(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 140, unit: fc.constantFrom('a', 'b', '/', 'é') }),
    size: fc.oneof(fc.nat(3000), fc.nat(100_000)),
    pax: fc.option(fc.constant({ 'SCHILY.xattr.user.x': 'y'.repeat(700) }), { nil: undefined }),
  }),
  { maxLength: 40 },
);
const made = (list: readonly { name: string; size: number; pax?: Record<string, string> | undefined }[]) =>
  tarOf(list.map(({ name, size, pax }) => ({ ...file(name, size), ...(pax && { pax }) })));

test('blocks are the tar, none of them too large, and the same however much is seen at once', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (list) => {
      const tar = await made(list);
      const blocks = blocksOf(tar);
      expect(Buffer.concat(blocks).equals(tar)).toBe(true);
      for (const { length } of blocks) expect(length).toBeLessThanOrEqual(SIZES.most + 2048);
      expect(lengths(blocksOf(tar, windowOf(SIZES)))).toEqual(lengths(blocks));
    }),
    { numRuns: 60 },
  );
});

test('bytes that are not a tar are cut at fixed offsets', async () => {
  await fc.assert(
    fc.property(fc.nat(200_000), fc.nat(255), (bytes, value) => {
      const found = lengths(blocksOf(Buffer.alloc(bytes, value)));
      expect(found.slice(0, -1).every((length) => length === SIZES.most)).toBe(true);
      expect(found.reduce((sum, length) => sum + length, 0)).toBe(bytes);
    }),
  );
});

test('a file that was added, removed or changed changes the blocks beside it, wherever the others stand', async () => {
  const before = tree(600);
  const old = new Set(blocksOf(await tarOf(before)).map(String));
  await fc.assert(
    fc.asyncProperty(fc.nat(599), fc.nat(40_000), fc.constantFrom(0, 1), async (at, bytes, removed) => {
      const after = before.toSpliced(at, removed, file('new/file', bytes));
      const blocks = blocksOf(await tarOf(after));
      const fresh = blocks.filter((block) => !old.has(String(block)));
      // Of about 90.
      expect(fresh.length).toBeLessThanOrEqual(8 + bytes / SIZES.most);
    }),
    { numRuns: 40 },
  );
});

test('a new time changes only the block with the header, also of a file that is cut', async () => {
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i) % 251));
  const big = (seconds: number): File[] => [
    ...tree(20),
    { name: 'big', mtime: new Date(seconds * 1000), pax: { mtime: `${seconds}.5` }, content },
    file('after', 10),
  ];
  const old = blocksOf(await tarOf(big(1_000_000_000))).map(String);
  // A longer record: what follows is moved, the offsets in the content are not.
  const now = blocksOf(await tarOf(big(10_000_000_000))).map(String);
  expect(now).toHaveLength(old.length);
  expect(now.filter((block) => !old.includes(block))).toHaveLength(1);
});

test('a file that fits in no block begins one, and its last part goes on with the next file', async () => {
  const [small, big] = [file('small', 1000), file('big', 3 * SIZES.most + 100)];
  expect(lengths(blocksOf(await tarOf([small, big, small])))).toEqual([
    ...[512 + 1024, 512 + SIZES.most, SIZES.most, SIZES.most],
    512 + 512 + 1024 + 1024,
  ]);
});

test('a size in a global header holds for what follows, whichever block that is in', async () => {
  const tar = await tarOf(tree(100));
  const globals = await tarOf([{ ...file('x', 5), pax: { comment: 'x' } }]);
  // An extended header that says it is a global one.
  const header = Buffer.from(globals.subarray(0, 1024));
  header[156] = 0x67;
  let sum = 0;
  header.fill(0x20, 148, 156);
  for (const byte of header.subarray(0, 512)) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const both = Buffer.concat([header, tar]);
  expect(lengths(blocksOf(both, windowOf(SIZES)))).toEqual(lengths(blocksOf(both)));
  expect(blocksOf(both).slice(-10).map(String)).toEqual(blocksOf(tar).slice(-10).map(String));
});

test('headers without an end are cut at fixed offsets, in a bounded window', () => {
  const header = Buffer.alloc(512);
  header.write('x', 0);
  header.write('00000000000\0', 124);
  header[156] = 0x78;
  header.fill(0x20, 148, 156);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const endless = Buffer.alloc(3 * windowOf(SIZES));
  for (let at = 0; at < endless.length; at += 512) header.copy(endless, at);
  const found = lengths(blocksOf(endless, windowOf(SIZES)));
  expect(new Set(found.slice(0, -1))).toEqual(new Set([SIZES.most]));
});
