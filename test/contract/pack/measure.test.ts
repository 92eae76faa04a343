import { mkdtemp, open, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { measureTar } from '../../../pipeline/image/pack/measure.ts';
import { run, runOk } from '../process/run-tool.ts';
import { makeRoot } from './make-root.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'measure-'));
  await makeRoot(join(dir, 'root'));
  // Hundreds of pieces: GNU's old format needs blocks of further map.
  const holes = await open(join(dir, 'root', 'many-holes'), 'w');
  for (let i = 0; i < 300; i++) await holes.write(Buffer.from('data'), 0, 4, i * 65_536);
  await holes.close();
});
afterAll(() => rm(dir, { recursive: true }));

test.each([
  ['posix', ['--format=posix', '-S']],
  ['posix, sparse 0.1', ['--format=posix', '-S', '--sparse-version=0.1']],
  ['gnu', ['--format=gnu', '-S']],
  ['ustar', ['--format=ustar']],
])("GNU tar's %s on a disk: cut to what tar reads without a word", async (_, format) => {
  const plain = join(dir, 'plain.tar');
  const disk = join(dir, 'disk');
  const all = ['--sort=name', '--exclude=long-*', '-C', join(dir, 'root')];
  await runOk(['tar', ...format, ...all, '-cf', plain, '.']);
  await runOk(['tar', ...format, ...all, '-b', '2048', '-cf', disk, '.']);
  await truncate(disk, 64 << 20);
  const { bytes, entries } = await measureTar(disk);
  expect(bytes).toBe((await stat(plain)).size);
  await truncate(disk, bytes);
  const listed = await run(['tar', '-tf', disk]);
  expect({ code: listed.exitCode, said: listed.stderr }).toEqual({ code: 0, said: '' });
  expect(listed.stdout.trim().split('\n')).toHaveLength(entries);
  expect((await run(['tar', '-df', disk, '-C', join(dir, 'root')])).stdout).toBe('');
});

test('long names of both kinds', async () => {
  for (const format of ['posix', 'gnu']) {
    const tar = join(dir, `${format}.tar`);
    await runOk(['tar', `--format=${format}`, '-C', join(dir, 'root'), '-cf', tar, '.']);
    expect((await measureTar(tar)).bytes).toBe((await stat(tar)).size);
  }
});
