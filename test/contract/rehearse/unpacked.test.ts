import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { unpacked } from '../../../pipeline/maas/rehearse/unpacked.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unpacked-'));
  writeFileSync(join(folder, 'a'), Buffer.alloc(3_000_000, 'some text that is repeated'));
});
const artifact = (letter: string, name: string) => {
  const path = join(folder, name);
  execFileSync('tar', [`c${letter}f`, path, '-C', folder, 'a']);
  return path;
};
const unpack = (path: string) =>
  unpacked(path, join(folder, 'artifact.tar'), { emit() {}, signal: new AbortController().signal });

test.each([
  ['z', 'root.tar.gz'],
  ['J', 'root.tar.xz'],
  ['j', 'root.tar.bz2'],
])('tar -%s: %s becomes a bare tar with the same members', async (letter, name) => {
  const path = artifact(letter, name);
  // Text that is so alike has more than eight times the bytes of its artifact: a root has not.
  writeFileSync(join(folder, 'a'), Buffer.from(Array.from({ length: 400_000 }, () => Math.random() * 256)));
  const other = artifact(letter, name);
  expect(await unpack(other)).toBe(join(folder, 'artifact.tar'));
  const [is, was] = [join(folder, 'artifact.tar'), path].map((tar) => execFileSync('tar', ['-xOf', tar]));
  expect(is!.equals(was!)).toBe(true);
});

test('one that is many times larger unpacked is given as it is', async () => {
  const path = artifact('z', 'bomb.tar.gz');
  expect(await unpack(path)).toBe(path);
  expect(existsSync(join(folder, 'artifact.tar'))).toBe(false);
});

test('a damaged one is given as it is, so that curtin fails at it', async () => {
  writeFileSync(join(folder, 'a'), Buffer.from(Array.from({ length: 400_000 }, () => Math.random() * 256)));
  const path = artifact('z', 'cut.tar.gz');
  truncateSync(path, statSync(path).size - 1000);
  expect(await unpack(path)).toBe(path);
  expect(existsSync(join(folder, 'artifact.tar'))).toBe(false);
});

test('one that is not compressed, or of another kind, is left alone', async () => {
  for (const content of ['', 'x', readFileSync(artifact('', 'root.tar')), '\x28\xb5\x2f\xfd']) {
    const path = join(folder, 'other');
    writeFileSync(path, content);
    expect(await unpack(path)).toBe(path);
  }
});
