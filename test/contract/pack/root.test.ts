import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packRoot } from '../../../pipeline/image/pack/root.ts';
import { runOk } from '../process/run-tool.ts';
import { makeRoot } from './make-root.ts';

let dir: string;
let tar: string;
let tgz: string;
const options = () => ({ level: 'fast' as const, emit: () => {}, signal: new AbortController().signal });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'root-'));
  tar = join(dir, 'root.tar');
  tgz = join(dir, 'upstream.tar.gz');
  await makeRoot(join(dir, 'root'));
  await mkdir(join(dir, 'root/etc/netplan'), { recursive: true });
  // Small files on both sides of the borders between members, so that headers fall onto them.
  for (let i = 0; i < 3000; i++) await writeFile(join(dir, 'root/etc/netplan', `${i}.yaml`), `# ${i}\n`);
  for (let i = 0; i < 4; i++) await writeFile(join(dir, 'root', `etc/noise-${i}`), randomBytes(8 << 20));
  await runOk(['tar', '-S', '-C', join(dir, 'root'), '-cf', tar, '.']);
  await runOk(['tar', '-S', '-C', join(dir, 'root'), '-czf', tgz, '.']);
});
afterAll(() => rm(dir, { recursive: true }));

test('a tar and the tgz of packer-maas give the same facts', async () => {
  const packed = await packRoot({ kind: 'tar', path: tar, bytes: 0 }, join(dir, 'a.tar.gz'), options());
  const adopted = await packRoot({ kind: 'tgz', path: tgz, bytes: 0 }, join(dir, 'b.tar.gz'), options());
  expect(adopted.facts).toEqual(packed.facts);
  expect(packed.facts.counts.files).toBeGreaterThan(3000);
  expect(adopted.tarBytes).toBe(packed.tarBytes);
  expect(packed.stream).toEqual({ format: 'gzip', whole: true, bytes: packed.size });
});

test('the tgz of packer-maas is taken over byte for byte and stays where it was', async () => {
  const out = join(dir, 'adopted.tar.gz');
  const adopted = await packRoot({ kind: 'tgz', path: tgz, bytes: 0 }, out, options());
  expect((await readFile(out)).equals(await readFile(tgz))).toBe(true);
  const { stdout } = await runOk(['sha256sum', tgz]);
  expect(stdout.slice(0, 64)).toBe(adopted.sha256);
  expect(adopted.size).toBe((await stat(tgz)).size);
});

test('a tgz that is cut off is known to be so', async () => {
  const cut = join(dir, 'cut.tgz');
  await writeFile(cut, await readFile(tgz));
  await truncate(cut, 1_000_000);
  const { stream } = await packRoot({ kind: 'tgz', path: cut, bytes: 0 }, join(dir, 'c.tar.gz'), options());
  expect(stream).toMatchObject({ format: 'gzip', whole: false });
});
