import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { digestOnThread } from '../../../pipeline/image/diff/digest-thread.ts';

const dir = mkdtempSync(join(tmpdir(), 'digest-thread-'));
afterAll(() => rmSync(dir, { recursive: true }));
const never = new AbortController().signal;

test.each([0, 1, 1 << 20, (3 << 20) + 7])(
  'a file of %i bytes has the digest of its bytes, wherever its position is',
  async (size) => {
    const bytes = randomBytes(size);
    writeFileSync(join(dir, 'file'), bytes);
    await using file = await open(join(dir, 'file'));
    await file.read(Buffer.alloc(9), 0, 9);
    expect(await digestOnThread(file, never)).toBe(createHash('sha256').update(bytes).digest('hex'));
  },
);

test('a folder is an error of reading, and a signal ends the thread', async () => {
  await using folder = await open(dir);
  await expect(digestOnThread(folder, never)).rejects.toMatchObject({ code: 'EISDIR' });
  await using zero = await open('/dev/zero');
  const stop = new AbortController();
  const digest = digestOnThread(zero, stop.signal);
  stop.abort(new Error('enough'));
  await expect(digest).rejects.toThrow('enough');
});
