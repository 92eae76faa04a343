import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Header, pack } from 'tar-stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { measureTar } from '../../../pipeline/image/pack/measure.ts';
import fc from '../../property.ts';
import { fixChecksum, paxRecords, setType } from '../checks/root.ts';

let dir: string;
let path: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'measure-'));
  path = join(dir, 'disk');
});
afterAll(() => rm(dir, { recursive: true }));

type Member = Partial<Header> & { content?: Buffer };

/** The archive with its two closing zero blocks. */
async function tarOf(members: Member[]): Promise<Buffer> {
  const tar = pack();
  for (const { content, ...header } of members) tar.entry(header as Header, content ?? Buffer.alloc(0));
  tar.finalize();
  return await buffer(tar);
}

const member = fc.record({
  name: fc.string({ minLength: 1, maxLength: 180, unit: fc.constantFrom('a', 'é', '.') }),
  // Content that itself looks like headers and ends must not mislead.
  content: fc.oneof(
    fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(Buffer.alloc(4096), Buffer.alloc(511, 1)),
  ),
  pax: fc.option(fc.constant({ 'SCHILY.xattr.user.x': 'y'.repeat(700) }), { nil: undefined }),
});

test('the end is found, whatever comes before and however many zeros after', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 12 }), fc.nat(3), async (members, more) => {
      const tar = await tarOf(members as Member[]);
      await writeFile(path, tar);
      await truncate(path, tar.length + more * 70_000);
      expect(await measureTar(path)).toEqual({
        bytes: Math.ceil(tar.length / 10_240) * 10_240,
        entries: members.length,
      });
    }),
    { numRuns: 60 },
  );
});

test('cut anywhere before the end it is truncated, and never another archive', async () => {
  const tar = await tarOf([{ name: 'a', content: Buffer.alloc(3000, 7) }, { name: 'b' }]);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: tar.length - 1 }), async (length) => {
      await writeFile(path, tar.subarray(0, length));
      await expect(measureTar(path)).rejects.toMatchObject({ code: 'TAR_TRUNCATED' });
    }),
    { numRuns: 60 },
  );
});

test('damage names the byte', async () => {
  const tar = await tarOf([{ name: 'a', content: Buffer.alloc(600, 7) }, { name: 'b' }]);
  tar[1536 + 3]! ^= 1;
  await writeFile(path, tar);
  await expect(measureTar(path)).rejects.toMatchObject({
    code: 'TAR_INVALID',
    message: `${path} is not a valid tar archive: a damaged header at byte 1536`,
  });
});

test('an empty disk, a lone zero block, a file that is not a tar', async () => {
  await writeFile(path, Buffer.alloc(20_480));
  await expect(measureTar(path)).rejects.toMatchObject({
    code: 'TAR_INVALID',
    message: expect.stringContaining('no member at all'),
  });
  const tar = await tarOf([{ name: 'a' }]);
  await writeFile(path, Buffer.concat([tar.subarray(0, 1024), tar]));
  await expect(measureTar(path)).rejects.toMatchObject({
    message: expect.stringContaining('a lone zero block at byte 512'),
  });
  await writeFile(path, 'x'.repeat(2000));
  await expect(measureTar(path)).rejects.toMatchObject({ code: 'TAR_INVALID' });
});

test('an aborted signal ends it', async () => {
  await writeFile(path, await tarOf([{ name: 'a' }]));
  await expect(measureTar(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'INTERRUPTED',
  });
});

/** One member of this type. */
async function typed(type: string, content: Buffer, change: (header: Buffer) => void = () => {}) {
  const tar = (await tarOf([{ name: 'x', content }])).subarray(0, -1024);
  change(tar);
  setType(tar, 0, type);
  return tar;
}
const END = Buffer.alloc(1024);
/** A record whose value fills the header to so many bytes. */
const record = (bytes: number) => {
  const [most] = [bytes - paxRecords({ comment: 'x'.repeat(bytes - 30) }).length];
  return paxRecords({ comment: 'x'.repeat(bytes - 30 + most) });
};
const measured = async (...parts: Buffer[]) => {
  const tar = Buffer.concat(parts);
  await writeFile(path, tar);
  return measureTar(path).then(
    ({ bytes, entries }) => [bytes === Math.ceil(tar.length / 10_240) * 10_240, entries],
    (error) => error.message.replace(/.*archive: /, ''),
  );
};

test('extended headers say how long the next member is, or all that follow', async () => {
  const body = Buffer.alloc(512, 'y');
  // A size of its own in the header, which is not what follows.
  const wrong = (header: Buffer) => header.write('00000000000\0', 124, 'latin1');
  const file = await typed('0', body, wrong);
  const plain = await typed('0', body);
  const size = { size: '512' };
  expect(await measured(await typed('x', paxRecords(size)), file, plain, END)).toEqual([true, 2]);
  expect(await measured(await typed('x', paxRecords(size)), file, file, END)).toBe(
    'a damaged header at byte 2560',
  );
  expect(await measured(await typed('g', paxRecords(size)), file, file, END)).toEqual([true, 2]);
  const none = await typed('x', paxRecords({ path: 'other' }));
  expect(await measured(await typed('g', paxRecords(size)), none, file, END)).toEqual([true, 1]);
  expect(await measured(await typed('L', Buffer.from('name')), plain, END)).toEqual([true, 1]);
  expect(await measured(await typed('K', Buffer.from('name')), plain, END)).toEqual([true, 1]);
});

test('a hard link has no body, whatever its size field says', async () => {
  const link = (await typed('1', Buffer.alloc(512))).subarray(0, 512);
  expect(await measured(link, END)).toEqual([true, 1]);
});

test.each<[number, unknown]>([
  [256 << 10, [true, 1]],
  [(256 << 10) + 1, [true, 1]],
  [1 << 20, [true, 1]],
  [(1 << 20) + 1, 'a damaged PAX header at byte 0'],
])('an extended header of %i bytes: %j', async (bytes, expected) => {
  expect(await measured(await typed('x', record(bytes)), await typed('0', Buffer.alloc(0)), END)).toEqual(
    expected,
  );
});

test('an extended header that does not add up is damage', async () => {
  expect(await measured(await typed('x', Buffer.from('99 path=x\n')), END)).toBe(
    'a damaged PAX header at byte 0',
  );
});

test('the map of an old sparse file goes on as long as each block says so', async () => {
  const header = (more: number) =>
    typed('S', Buffer.alloc(512, 'y'), (tar) => {
      tar[482] = more;
    });
  const map = (more: number) => {
    const block = Buffer.alloc(512);
    block[504] = more;
    return block;
  };
  const [plain, mapped] = [await header(0), await header(1)];
  fixChecksum(plain, 0);
  expect(await measured(plain, END)).toEqual([true, 1]);
  const [head, body] = [mapped.subarray(0, 512), mapped.subarray(512)];
  expect(await measured(head, map(1), map(0), body, END)).toEqual([true, 1]);
  expect(await measured(head, map(0), body, plain, END)).toEqual([true, 2]);
});
