import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packRoot } from '../../../pipeline/image/pack/root.ts';
import { readImage } from '../../../pipeline/image/read/read-image.ts';
import { runOk } from '../process/run-tool.ts';
import { makeRoot } from './make-root.ts';

let dir: string;
let tar: string;
let tgz: string;
/** A tar that is quickly read. */
let few: Buffer;
const options = () => ({ level: 'fast' as const, emit: () => {}, signal: new AbortController().signal });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'root-'));
  tar = join(dir, 'root.tar');
  tgz = join(dir, 'upstream.tar.gz');
  await makeRoot(join(dir, 'root'));
  await runOk(['tar', '-S', '-C', join(dir, 'root'), '-cf', tar, '.']);
  few = await readFile(tar);
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
  expect(packed.stream).toEqual({ format: 'gzip', whole: true, bytes: packed.size, problem: null });
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

const block = (text: string) => Buffer.concat([Buffer.from(text), Buffer.alloc(511)]).subarray(0, 512);

test.each<[string, (whole: Buffer) => Buffer]>([
  ['as tar writes it', (whole) => whole],
  ['that breaks off in a member', (whole) => whole.subarray(0, 2_000_100)],
  ['without the blocks that end it', (whole) => whole.subarray(0, -10_240)],
  ['with something behind it', (whole) => Buffer.concat([whole, block('a second archive?')])],
  ['with zeros behind it', (whole) => Buffer.concat([whole, Buffer.alloc(1 << 20)])],
  ['with a wrong byte in a header', (whole) => Buffer.from(whole).fill('x', 0, 20)],
  ['of one block', (whole) => whole.subarray(0, 512)],
  ['of less than a block', () => Buffer.from('no tar')],
  ['of nothing', () => Buffer.alloc(0)],
])('every way to an image reads the same of a tar %s', async (how, spoil) => {
  const bytes = spoil(few);
  const path = join(dir, `${how.replaceAll(' ', '-')}.tar`);
  await writeFile(path, bytes);
  const out = join(dir, 'every.tar.gz');
  const packed = await packRoot({ kind: 'tar', path, bytes: 0 }, out, options());
  const read = await readImage(out, options());
  expect(read).toMatchObject({ facts: packed.facts, stream: packed.stream, sha256: packed.sha256 });
  const adopted = await packRoot(
    { kind: 'tgz', path: out, bytes: 0 },
    join(dir, 'adopted.tar.gz'),
    options(),
  );
  expect(adopted).toMatchObject({ facts: packed.facts, stream: packed.stream, size: packed.size });
  // As a stream of odd pieces, as a network brings them; each is used again as the reader allows.
  const pieces = async function* () {
    const compressed = await readFile(out);
    const two = [Buffer.alloc(70_001), Buffer.alloc(70_001)];
    for (let at = 0, turn = 0; at < compressed.length; at += 70_001, turn++) {
      const piece = two[turn % 2]!;
      yield piece.subarray(0, compressed.copy(piece, 0, at, at + 70_001));
    }
  };
  const streamed = await readImage({ name: 'pieces', chunks: pieces(), size: undefined }, options());
  expect(streamed).toEqual({ ...read, name: 'pieces' });
});

test('the packer reads its input as the tar that it is to be, with any first bytes', async () => {
  const out = join(dir, 'twice.tar.gz');
  const packed = await packRoot({ kind: 'tar', path: tgz, bytes: 0 }, out, options());
  expect(packed.facts.archive.whole).toBe(false);
  expect((await readImage(out, options())).facts).toEqual(packed.facts);
});
