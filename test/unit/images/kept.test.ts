import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kept } from '../../../pipeline/maas/images/promote.ts';
import type { LedgerEntry } from '../../../pipeline/workspace/ledger/ledger.ts';

const CONTENT = Buffer.from('an image');
const sha256 = createHash('sha256').update(CONTENT).digest('hex');
const folders: string[] = [];
let keepIn: string;
let path: string;
let file: string;

function folder(base = tmpdir()): string {
  const dir = mkdtempSync(join(base, 'kept-'));
  folders.push(dir);
  return dir;
}
beforeEach(() => {
  keepIn = join(folder(), 'kept');
  path = join(keepIn, sha256);
  file = join(folder(), 'image.tar.gz');
  writeFileSync(file, CONTENT);
});
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
});

const keep = () =>
  kept({ file, sha256, size: CONTENT.length, name: 'dgx1-5.0' } as LedgerEntry, {
    keepIn,
    emit() {},
    signal: new AbortController().signal,
  });

test('a kept file of another size is not read to find that out', async () => {
  mkdirSync(keepIn);
  writeFileSync(path, CONTENT);
  // Reading it would take hours.
  truncateSync(path, 4 * 2 ** 40);
  expect(await keep()).toBe(path);
  expect(readFileSync(path)).toEqual(CONTENT);
});

test('nor is a pipe in its place, which nobody writes to', async () => {
  mkdirSync(keepIn);
  execFileSync('mkfifo', [path]);
  expect(await keep()).toBe(path);
  expect(readFileSync(path)).toEqual(CONTENT);
});

test('one of the right size with other content is made anew', async () => {
  mkdirSync(keepIn);
  writeFileSync(path, 'no image');
  expect(await keep()).toBe(path);
  expect(readFileSync(path)).toEqual(CONTENT);
});

test('it is a second name of the artifact, and a copy where that lies on another file system', async () => {
  await keep();
  expect(statSync(path).ino).toBe(statSync(file).ino);
  rmSync(path);
  file = join(folder('/dev/shm'), 'image.tar.gz');
  writeFileSync(file, CONTENT);
  expect(statSync(file).dev).not.toBe(statSync(keepIn).dev);
  await keep();
  expect(readFileSync(path)).toEqual(CONTENT);
});
