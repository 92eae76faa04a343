import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryFor } from '../../../pipeline/install/namespace/scratch.ts';

let dir: string;
let archives: string[];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'scratch-'));
  archives = ['one', 'two'].map((name) => join(dir, name));
  for (const path of archives) {
    writeFileSync(path, '');
    truncateSync(path, 100 << 20);
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('takes half of the memory where twice the archives fit in it', async () => {
  // 200 MiB of archives: 400 MiB, and as much again for everybody else.
  expect(await memoryFor(archives, 800 << 20)).toBe(400 << 10);
  expect(await memoryFor(archives, 20_000 * (1 << 20))).toBe(10_000 << 10);
  expect(await memoryFor(archives, (800 << 20) - 2)).toBeNull();
});

it('is not used for what is not there', async () => {
  await expect(memoryFor([join(dir, 'none')])).rejects.toThrow('ENOENT');
});
