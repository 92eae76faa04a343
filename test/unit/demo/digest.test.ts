import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digest } from '../../../scripts/iso/inputs.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'digest-'));
  await mkdir(join(dir, 'sub'));
  await writeFile(join(dir, 'sub', 'file'), 'content');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('the same inputs have the same digest', async () => {
  const before = await digest([dir], 'further');
  await mkdir(join(dir, 'sub', '__pycache__'));
  await writeFile(join(dir, 'sub', '__pycache__', 'x.pyc'), 'compiled on the way');
  expect(await digest([dir], 'further')).toBe(before);
});

test.each<[string, () => Promise<void>]>([
  ['content', () => writeFile(join(dir, 'sub', 'file'), 'contents')],
  ['name', () => rename(join(dir, 'sub', 'file'), join(dir, 'sub', 'other'))],
  ['executable bit', () => chmod(join(dir, 'sub', 'file'), 0o755)],
  ['a further file', () => writeFile(join(dir, 'new'), '')],
])('a change of %s changes it', async (_, change) => {
  const before = await digest([dir]);
  await change();
  expect(await digest([dir])).not.toBe(before);
});

test('further values decide, too', async () => {
  expect(await digest([dir], true)).not.toBe(await digest([dir], false));
});
