import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { compressMembers } from '../../../pipeline/image/pack/member.ts';
import { Starters } from '../../../pipeline/image/pack/starters.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'member-'));
  vi.stubEnv('PATH', `${dir}:${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

const BLOCK = Buffer.from('root file system '.repeat(1000));

/** Compresses a block by a tool that writes these bytes and ends with this code, whatever it was given. */
async function by(bytes: Buffer, code = 0, said = ''): Promise<string> {
  writeFileSync(join(dir, 'written'), bytes);
  const tool = join(dir, 'libdeflate-gzip');
  writeFileSync(
    tool,
    `#!/bin/sh\nfor slot; do :; done\ncp ${dir}/written "$slot.gz"\necho '${said}' >&2\nexit ${code}\n`,
  );
  chmodSync(tool, 0o755);
  const compressor = { tool: 'libdeflate-gzip', version: '1' } as const;
  const { signal } = new AbortController();
  const starters = new Starters(compressor, 'fast', { count: 2, folder: dir, signal });
  try {
    return (await compressMembers(compressor, 1, [BLOCK], join(dir, 'slot'), starters))[0]!;
  } finally {
    await starters.close();
  }
}

test('a member of the whole block is taken', async () => {
  expect(await by(gzipSync(BLOCK))).toBe(join(dir, 'slot-0.gz'));
});

test('a member may be as short as a header and a tail', async () => {
  const end = Buffer.alloc(18);
  end.writeUInt32LE(BLOCK.length, 14);
  expect(await by(end)).toBe(join(dir, 'slot-0.gz'));
});

test('zlib makes a member without a tool', async () => {
  const path = join(dir, 'slot');
  const compressor = { tool: 'zlib', version: '1' } as const;
  const [member] = await compressMembers(compressor, 1, [BLOCK], path, undefined);
  expect(gunzipSync(readFileSync(member!))).toEqual(BLOCK);
});

test.each([
  ['holds less than the block', gzipSync(BLOCK.subarray(0, -1))],
  ['holds more than the block', gzipSync(Buffer.concat([BLOCK, BLOCK]))],
  ['is cut', gzipSync(BLOCK).subarray(0, -3)],
  ['is empty', Buffer.alloc(0)],
  // The last four bytes alone would do.
  ['is one byte too short for a header', gzipSync(BLOCK).subarray(-17)],
])('a member that %s is refused, though the tool ended well', async (_what, bytes) => {
  await expect(by(bytes)).rejects.toMatchObject({
    code: 'PACK_FAILED',
    message: expect.stringContaining(`not a gzip member of ${BLOCK.length}`),
  });
});

test('a tool that failed is not believed, however good its member is', async () => {
  await expect(by(gzipSync(BLOCK), 1)).rejects.toMatchObject({
    code: 'PACK_FAILED',
    message: 'libdeflate-gzip ended with exit code 1',
  });
  await expect(by(gzipSync(BLOCK), 1, 'slot.gz: No space left on device')).rejects.toMatchObject({
    code: 'DISK_FULL',
  });
});
