import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { type Header, pack } from 'tar-stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { measureTar } from '../../../pipeline/image/pack/measure.ts';

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
