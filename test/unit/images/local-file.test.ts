import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityOf, isFresh } from '../../../pipeline/host/files/identity.ts';
import { LocalFile } from '../../../pipeline/maas/images/local-file.ts';
import fc from '../../property.ts';

const data = randomBytes(10_007);
const sha256 = createHash('sha256').update(data).digest('hex');
const signal = new AbortController().signal;
let dir: string;
let file: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'local-file-'));
  file = join(dir, 'image.tgz');
  await writeFile(file, data);
});
afterEach(() => rm(dir, { recursive: true }));

const taken = async (chunk: AsyncIterable<Buffer>) => {
  const parts: Buffer[] = [];
  for await (const part of chunk) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
};
const open = () => LocalFile.open({ file, size: data.length, sha256, signal });

test('gives the right bytes whatever is asked for, in whatever order, whole or broken off', async () => {
  const step = fc.record({
    offset: fc.nat(data.length - 1),
    length: fc.integer({ min: 1, max: 3000 }),
    brokenOff: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const local = await open();
      for (const { offset, length, brokenOff } of steps) {
        const fitting = Math.min(length, data.length - offset);
        const chunk = local.chunk(offset, fitting);
        if (brokenOff) for await (const _ of chunk) break;
        expect((await taken(chunk)).equals(data.subarray(offset, offset + fitting))).toBe(true);
      }
      // The sum of the whole is right after any of it.
      const tail = await taken(local.chunk(data.length - 7, 7));
      expect(tail.equals(data.subarray(-7))).toBe(true);
      await local.close();
    }),
    { numRuns: 60 },
  );
});

test('a changed byte is found before the last chunk is given out', async () => {
  const large = Buffer.alloc(16 * 2 ** 20, 'x');
  await writeFile(file, large);
  const sum = createHash('sha256').update(large).digest('hex');
  const local = await LocalFile.open({ file, size: large.length, sha256: sum, signal });
  await taken(local.chunk(0, 4 * 2 ** 20));
  // Farther on than is read ahead.
  large[14 * 2 ** 20] = 0;
  await writeFile(file, large);
  await taken(local.chunk(4 * 2 ** 20, 9 * 2 ** 20));
  const last = local.chunk(13 * 2 ** 20, 3 * 2 ** 20)[Symbol.asyncIterator]();
  await expect(last.next()).rejects.toMatchObject({ code: 'UPLOAD_CHANGED', exitCode: 7 });
  await local.close();
});

test('a byte changed in the part that MAAS has already is found too', async () => {
  const changed = Buffer.from(data);
  changed[5] = (changed[5] as number) ^ 1;
  await writeFile(file, changed);
  const local = await open();
  await taken(local.chunk(4000, 4000));
  await expect(taken(local.chunk(8000, 2007))).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
  await local.close();
});

test('a file that became shorter is found, before and while it is read', async () => {
  const local = await open();
  await truncate(file, 5000);
  await expect(taken(local.chunk(4000, 4000))).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
  await local.close();
  await expect(open()).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
});

test('bytes that are sent again count once in the sum, also where more was read since', async () => {
  const large = randomBytes(4 * 2 ** 20 + 5);
  await writeFile(file, large);
  const sum = createHash('sha256').update(large).digest('hex');
  const local = await LocalFile.open({ file, size: large.length, sha256: sum, signal });
  const MIB = 2 ** 20;
  for (const at of [0, MIB, 0, 0, 2 * MIB, MIB, 2 * MIB, 3 * MIB])
    expect((await taken(local.chunk(at, MIB))).equals(large.subarray(at, at + MIB))).toBe(true);
  for (let times = 0; times < 2; times++)
    expect((await taken(local.chunk(4 * MIB, 5))).equals(large.subarray(-5))).toBe(true);
  await local.close();
});

test('of a file that is the one whose sum was made, nothing is hashed again', async () => {
  const identity = identityOf(await stat(file, { bigint: true }));
  // So a sum that is wrong would be found by nobody here.
  const known = { file, size: data.length, sha256: '0'.repeat(64), identity, signal };
  const local = await LocalFile.open(known);
  expect(local.readTo).toBe(data.length);
  expect((await taken(local.chunk(5, data.length - 5))).equals(data.subarray(5))).toBe(true);
  await local.close();
});

test.each([
  ['written to', async () => writeFile(file, Buffer.from(data).fill(0, 5, 6))],
  ['replaced', () => rm(file).then(() => writeFile(file, Buffer.from(data).fill(0, 5, 6)))],
])(
  'a file that was %s after its sum was made is hashed, and found changed before its last chunk',
  async (_, change) => {
    const identity = identityOf(await stat(file, { bigint: true }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await change();
    const local = await LocalFile.open({ file, size: data.length, sha256, identity, signal });
    await taken(local.chunk(0, 4000));
    const last = local.chunk(4000, data.length - 4000)[Symbol.asyncIterator]();
    await expect(last.next()).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
    await local.close();
  },
);

test('a file whose times alone are new is hashed, and has its sum', async () => {
  const identity = identityOf(await stat(file, { bigint: true }));
  const local = await LocalFile.open({ file, size: data.length, sha256, identity, signal });
  await taken(local.chunk(0, 4000));
  await utimes(file, 1, 1);
  expect((await taken(local.chunk(4000, data.length - 4000))).equals(data.subarray(4000))).toBe(true);
  expect(local.readTo).toBe(data.length);
  await local.close();
});

test('a file is fresh for two seconds after its last write, or the last change of its times', async () => {
  const facts = await stat(file, { bigint: true });
  const now = Number(facts.ctimeNs / 1_000_000n);
  expect([isFresh(facts, now), isFresh(facts, now + 1_900), isFresh(facts, now + 2_100)]).toEqual([
    true,
    true,
    false,
  ]);
  await utimes(file, 1, 1);
  expect(isFresh(await stat(file, { bigint: true }))).toBe(true);
});

test('as one stream it gives the file, and stops short of the end of a changed one', async () => {
  const local = await open();
  expect((await taken(local.stream())).equals(data)).toBe(true);
  await local.close();

  const damaged = await LocalFile.open({ file, size: data.length, sha256: 'f'.repeat(64), signal });
  await expect(taken(damaged.stream())).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
  await damaged.close();
});

test('the pieces of one chunk stay as they are while the next are read', async () => {
  const large = randomBytes(30 * 2 ** 20 + 5);
  await writeFile(file, large);
  const sum = createHash('sha256').update(large).digest('hex');
  const local = await LocalFile.open({ file, size: large.length, sha256: sum, signal });
  let at = 0;
  for (const length of [10 * 2 ** 20, 10 * 2 ** 20 - 7, large.length - 20 * 2 ** 20 + 7]) {
    let before: { bytes: Buffer; offset: number } | undefined;
    for await (const bytes of local.chunk(at, length)) {
      // Bytes that the connection still holds must not have been written over.
      if (before)
        expect(before.bytes.equals(large.subarray(before.offset, before.offset + before.bytes.length))).toBe(
          true,
        );
      expect(bytes.equals(large.subarray(at, at + bytes.length))).toBe(true);
      before = { bytes, offset: at };
      at += bytes.length;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (before)
      expect(before.bytes.equals(large.subarray(before.offset, before.offset + before.bytes.length))).toBe(
        true,
      );
  }
  expect(at).toBe(large.length);
  await local.close();
});

test('no more is read than is asked for, before the first piece is given out', async () => {
  const large = Buffer.alloc(4 * 2 ** 20);
  await writeFile(file, large);
  const sum = createHash('sha256').update(large).digest('hex');
  const local = await LocalFile.open({ file, size: large.length, sha256: sum, signal });
  await local
    .chunk(0, 3 * 2 ** 20)
    [Symbol.asyncIterator]()
    .next();
  expect(local.readTo).toBeLessThanOrEqual(2 ** 20);
  await local.close();
});

test('between two pieces whatever else the process has to do is done, also when nobody waits for the line', async () => {
  const large = Buffer.alloc(8 * 2 ** 20);
  await writeFile(file, large);
  const sum = createHash('sha256').update(large).digest('hex');
  const local = await LocalFile.open({ file, size: large.length, sha256: sum, signal });
  let turns = 0;
  let counting = true;
  const count = () => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  let pieces = 0;
  for await (const bytes of local.chunk(0, large.length)) if (bytes.length > 0) pieces += 1;
  counting = false;
  expect(pieces).toBeGreaterThan(4);
  expect(turns).toBeGreaterThanOrEqual(pieces);
  await local.close();
});

test('a missing file and an interruption are faults of their own', async () => {
  await expect(LocalFile.open({ file: join(dir, 'none'), size: 1, sha256, signal })).rejects.toMatchObject({
    code: 'UPLOAD_MISSING',
  });
  const abort = new AbortController();
  const local = await LocalFile.open({ file, size: data.length, sha256, signal: abort.signal });
  abort.abort();
  await expect(taken(local.chunk(0, 10))).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await local.close();
});
