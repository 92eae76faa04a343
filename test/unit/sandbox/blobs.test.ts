import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Blobs } from '../../../sandbox/blobs.ts';
import fc from '../../property.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'blobs-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const sum = (content: Buffer) => createHash('sha256').update(content).digest('hex');

async function* parts(...all: Buffer[]) {
  yield* all;
}

/** Events in the life of a blob: a chunk is kept, is wrong and taken back, breaks off, or the server restarts. */
const step = fc.record({
  chunk: fc.uint8Array({ minLength: 1, maxLength: 50 }),
  fate: fc.constantFrom('keep', 'back', 'break', 'forget'),
});

test('bytes and sum are those of the chunks that were kept, whatever happened between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const blobs = new Blobs(join(dir, 'blobs'));
      await blobs.remove('x');
      let kept = Buffer.alloc(0);
      for (const { chunk, fate } of steps) {
        const content = Buffer.from(chunk);
        if (fate === 'break') {
          const broken = async function* () {
            yield content;
            throw new Error('cut');
          };
          await expect(blobs.append('x', kept.length, broken())).rejects.toThrow('cut');
        } else {
          const back = await blobs.append(
            'x',
            kept.length,
            parts(content.subarray(0, 7), content.subarray(7)),
          );
          if (fate === 'back') await back();
          else kept = Buffer.concat([kept, content]);
          if (fate === 'forget') blobs.forget();
        }
        expect(await blobs.length('x')).toBe(kept.length);
        expect(await blobs.sha256('x', kept.length)).toBe(sum(kept));
      }
      if (kept.length > 0) expect(readFileSync(blobs.path('x'))).toEqual(kept);
    }),
    { numRuns: 40 },
  );
});

test('bytes written beyond the record are cut', async () => {
  const blobs = new Blobs(dir);
  await blobs.append('x', 0, parts(Buffer.from('abcdef')));
  await blobs.cut('x', 3);
  expect(await blobs.sha256('x', 3)).toBe(sum(Buffer.from('abc')));
  await blobs.append('x', 3, parts(Buffer.from('DEF')));
  expect(readFileSync(blobs.path('x'), 'utf8')).toBe('abcDEF');
});
