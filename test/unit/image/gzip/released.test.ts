import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { type Range, Ranges } from '../../../../pipeline/image/read/gzip/ranges.ts';
import fc from '../../../property.ts';

const dir = mkdtempSync(join(tmpdir(), 'released-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const path = join(dir, 'file');

test('ranges have the bytes of the file, however early the ones before are released', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 20, maxLength: 90 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 50, max: 900 }),
      fc.integer({ min: 0, max: 3 }),
      async (contents, chunk, held) => {
        const bytes = Buffer.concat(contents.map((content) => gzipSync(content)));
        writeFileSync(path, bytes);
        await using file = await open(path);
        const ranges = new Ranges(file, () => {}, { chunk, least: 1, most: 1 << 20 });
        const waiting: Range[] = [];
        const seen: Buffer[] = [];
        const take = () => {
          const range = waiting.shift()!;
          seen.push(Buffer.concat(range.parts));
          ranges.release(range);
        };
        for await (const range of ranges) {
          waiting.push(range!);
          while (waiting.length > held) take();
        }
        while (waiting.length > 0) take();
        expect(Buffer.compare(Buffer.concat(seen), bytes)).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});
