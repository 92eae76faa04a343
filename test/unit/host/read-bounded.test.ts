import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readBounded } from '../../../pipeline/host/files/regular.ts';
import fc from '../../property.ts';

const dir = mkdtempSync(join(tmpdir(), 'read-'));
afterAll(() => rmSync(dir, { recursive: true }));
const path = join(dir, 'file');

test('a file is read whole up to the most bytes it may have, and not beyond', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300_000 }), fc.nat({ max: 3 }), async (bytes, room) => {
      writeFileSync(path, bytes);
      expect(Buffer.compare(await readBounded(path, bytes.length + room), bytes)).toBe(0);
      if (bytes.length > 0)
        await expect(readBounded(path, bytes.length - 1)).rejects.toMatchObject({ code: 'EFBIG' });
    }),
    { numRuns: 30 },
  );
});

test('a file whose size the system does not know is read to its end', async () => {
  expect((await readBounded('/proc/self/maps')).length).toBeGreaterThan(4096);
  await expect(readBounded('/proc/self/maps', 100)).rejects.toMatchObject({ code: 'EFBIG' });
});

test('a file that grows under the reader is read as far as it was there', async () => {
  writeFileSync(path, 'a'.repeat(100_000));
  const read = readBounded(path);
  for (let i = 0; i < 20; i++) {
    appendFileSync(path, 'b'.repeat(10_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const text = (await read).toString();
  expect(text).toMatch(/^a{100000}b*$/);
  expect(text.length % 10_000).toBe(0);
});
