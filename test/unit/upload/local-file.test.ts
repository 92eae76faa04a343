import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalFile } from '../../../pipeline/upload/local-file.ts';

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

const open = () => LocalFile.open({ file, size: data.length, sha256, signal });

test('gives the right bytes whatever is asked for, in whatever order, with or without reading ahead', async () => {
  const step = fc.record({
    offset: fc.nat(data.length - 1),
    length: fc.integer({ min: 1, max: 3000 }),
    ahead: fc.option(fc.tuple(fc.nat(data.length - 1), fc.integer({ min: 1, max: 3000 }))),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const local = await open();
      for (const { offset, length, ahead } of steps) {
        const fitting = Math.min(length, data.length - offset);
        const bytes = await local.chunk(offset, fitting);
        if (ahead) local.ahead(ahead[0], Math.min(ahead[1], data.length - ahead[0]));
        await new Promise((resolve) => setImmediate(resolve));
        expect(bytes.equals(data.subarray(offset, offset + fitting))).toBe(true);
      }
      // The sum of the whole is right after any of it.
      const tail = await local.chunk(data.length - 7, 7);
      expect(tail.equals(data.subarray(-7))).toBe(true);
      await local.close();
    }),
    { numRuns: 60 },
  );
});

test('a changed byte is found before the last chunk is given out', async () => {
  const local = await open();
  await local.chunk(0, 4000);
  const changed = Buffer.from(data);
  changed[6000] = (changed[6000] as number) ^ 1;
  await writeFile(file, changed);
  await local.chunk(4000, 4000);
  await expect(local.chunk(8000, 2007)).rejects.toMatchObject({ code: 'UPLOAD_CHANGED', exitCode: 7 });
  await local.close();
});

test('a byte changed in the part that MAAS has already is found too', async () => {
  const changed = Buffer.from(data);
  changed[5] = (changed[5] as number) ^ 1;
  await writeFile(file, changed);
  const local = await open();
  await local.chunk(4000, 4000);
  await expect(local.chunk(8000, 2007)).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
  await local.close();
});

test('a file that has become shorter is found, before and while it is read', async () => {
  const local = await open();
  await truncate(file, 5000);
  await expect(local.chunk(4000, 4000)).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
  await local.close();
  await expect(open()).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
});

test('as one stream it gives the file, and stops short of the end of a changed one', async () => {
  const local = await open();
  const parts: Buffer[] = [];
  for await (const part of local.stream()) parts.push(part);
  expect(Buffer.concat(parts).equals(data)).toBe(true);
  await local.close();

  const damaged = await LocalFile.open({ file, size: data.length, sha256: 'f'.repeat(64), signal });
  await expect(damaged.stream().next()).rejects.toMatchObject({ code: 'UPLOAD_CHANGED' });
  await damaged.close();
});

test('a missing file and an interruption are faults of their own', async () => {
  await expect(LocalFile.open({ file: join(dir, 'none'), size: 1, sha256, signal })).rejects.toMatchObject({
    code: 'UPLOAD_MISSING',
  });
  const abort = new AbortController();
  const local = await LocalFile.open({ file, size: data.length, sha256, signal: abort.signal });
  abort.abort();
  await expect(local.chunk(0, 10)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await local.close();
});
