import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Compressor, compressorId, gzipTools } from '../../../pipeline/image/pack/compressor.ts';
import { Output } from '../../../pipeline/image/pack/output.ts';
import { packTar } from '../../../pipeline/image/pack/pack.ts';
import { run, runOk } from '../process/run-tool.ts';
import { makeRoot } from './make-root.ts';

const child = new URL('./pack-child.ts', import.meta.url).pathname;
const zlib: Compressor = { tool: 'zlib', version: process.versions.zlib! };
let dir: string;
let tar: string;
let out: string;
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const pack = (extra: Partial<Parameters<typeof packTar>[0]> = {}) =>
  packTar({ tar, out, level: 'normal', emit: () => {}, id: 'pack', ...extra });
const left = async () => (await readdir(join(dir, 'out'))).sort();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pack-'));
  tar = join(dir, 'root.tar');
  out = join(dir, 'out', 'image.tar.gz');
  await makeRoot(join(dir, 'root'));
  // More than two members' worth, the last one short.
  await writeFile(join(dir, 'root', 'big'), Buffer.alloc(30 << 20, 'the same again and again '));
  await writeFile(join(dir, 'root', 'noise'), randomBytes(9 << 20));
  await runOk(['tar', '-S', '-C', join(dir, 'root'), '-cf', tar, '.']);
});
beforeEach(() => mkdir(join(dir, 'out')));
afterEach(() => rm(join(dir, 'out'), { recursive: true }));
afterAll(() => rm(dir, { recursive: true }));

test.each([
  ['libdeflate-gzip', undefined],
  ['zlib', zlib],
])('%s: read by every reader that MAAS, curtin and people use', async (tool, compressor) => {
  const whole = await readFile(tar);
  const packed = await pack({ compressor });
  const bytes = await readFile(out);
  expect(packed).toEqual({
    path: out,
    sha256: sha(bytes),
    size: bytes.length,
    tarBytes: whole.length,
    members: expect.any(Array),
    compressor: expect.stringMatching(new RegExp(`^${tool} \\d`)),
  });
  expect(gunzipSync(bytes).equals(whole)).toBe(true);
  expect((await run(['gzip', '-t', out])).stderr).toBe('');
  const python = 'import gzip,sys,hashlib; print(hashlib.sha256(gzip.open(sys.argv[1]).read()).hexdigest())';
  expect((await runOk(['python3', '-c', python, out])).stdout.trim()).toBe(sha(whole));
  const target = await mkdtemp(join(dir, 'target-'));
  // curtin pipes the stream; -z stands for the gzip that it puts in front.
  const curtin = ['--xattrs', '--xattrs-include=*', '-Szxpf', out, '--numeric-owner'];
  expect((await run(['tar', '-C', target, ...curtin])).stderr).toBe('');
  expect((await run(['diff', '-r', '--no-dereference', join(dir, 'root'), target])).stdout).toBe('');
  expect((await stat(join(target, 'sparse'))).blocks).toBeLessThan(1000);
  expect(await left()).toEqual(['image.tar.gz']);
});

test.each([
  ['normal', undefined],
  ['small', undefined],
  ['fast', zlib],
] as const)('packing one tar twice gives one sha256 (%s)', async (level, compressor) => {
  const first = await pack({ level, compressor });
  const copy = join(dir, 'other name.tar');
  await copyFile(tar, copy);
  const second = await pack({ level, compressor, tar: copy, out: join(dir, 'out', 'other.tar.gz') });
  expect(second.sha256).toBe(first.sha256);
});

test('the id of the compressor names all that decides the bytes', async () => {
  const { tool, version } = await gzipTools();
  expect(tool).toBe('libdeflate-gzip');
  expect(await compressorId('normal')).toBe(
    `${tool} ${version}, level 6, members of 262144 to 4194304 bytes, 1048576 on average, cut at files`,
  );
  expect(await compressorId('small')).not.toBe(await compressorId('normal'));
});

test('without libdeflate it is zlib', async () => {
  const { PATH } = process.env;
  process.env.PATH = '/nonexistent';
  try {
    expect(await gzipTools()).toEqual(zlib);
    expect((await pack()).compressor).toBe(`zlib ${zlib.version}`);
  } finally {
    process.env.PATH = PATH;
  }
});

test('a consumer gets every byte in order, at its own pace', async () => {
  const sum = createHash('sha256');
  let inside = 0;
  const consumer = new Writable({
    write(chunk, _, done) {
      inside++;
      expect(inside).toBe(1);
      setTimeout(() => {
        // Read late: the memory must still hold this chunk.
        sum.update(chunk);
        inside--;
        done();
      }, 60);
    },
  });
  await pack({ consumer });
  expect(consumer.writableFinished).toBe(true);
  expect(sum.digest('hex')).toBe(sha(await readFile(tar)));
});

test('a consumer that fails ends it; nothing is left', async () => {
  const consumer = new Writable({ write: (_chunk, _, done) => done(new Error('cannot read this')) });
  await expect(pack({ consumer })).rejects.toThrow('cannot read this');
  expect(await left()).toEqual([]);
});

test('an abort leaves nothing and keeps the artifact of before', async () => {
  await writeFile(out, 'before');
  const abort = new AbortController();
  const emit = () => abort.abort();
  await expect(pack({ emit, signal: abort.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(await left()).toEqual(['image.tar.gz']);
  expect(await readFile(out, 'utf8')).toBe('before');
});

test('kill -9 leaves a .partial alone, and the next run clears it away', async () => {
  const long = join(dir, 'long.tar');
  await copyFile(tar, long);
  await appendFile(long, randomBytes(80 << 20));
  const killed = spawn(process.execPath, [child, long, out], { stdio: 'ignore' });
  while ((await readdir(`${out}.partial`).catch(() => [])).length < 2) await sleep(5);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  expect(await left()).toEqual(['image.tar.gz.partial']);
  const { sha256 } = await pack();
  expect(sha(await readFile(out))).toBe(sha256);
  expect(await left()).toEqual(['image.tar.gz']);
});

test('no tar, no permission to write', async () => {
  await expect(pack({ tar: join(dir, 'none.tar') })).rejects.toThrow('none.tar');
  await writeFile(join(dir, 'file'), '');
  await expect(pack({ out: join(dir, 'file', 'x.tar.gz') })).rejects.toThrow();
});

test('a full disk is named as one', async () => {
  const output = await Output.create('/dev/full');
  await expect(output.append(tar)).rejects.toMatchObject({ code: 'ENOSPC' });
  await output.close();

  // The whole of it on a disk of 20 MB, where this user may mount one: as root or in a namespace of their own.
  const script = 'mount -t tmpfs -o size=20m none "$1" && exec "$2" "$3" "$4" "$1/x.tar.gz"';
  const args = ['sh', '-c', script, 'sh', join(dir, 'out'), process.execPath, child, tar];
  const { stdout, stderr } = await run(['unshare', '--map-root-user', '--mount', ...args]);
  expect(/unshare|mount/.test(stderr) ? 'DISK_FULL' : stdout).toBe('DISK_FULL');
});

test('one member for readers that stop after the first: the same tar for gzip and for Python, streaming; the same bytes each time', async () => {
  const packed = await pack({ members: 'single' });
  // Several pieces.
  expect(packed.tarBytes).toBeGreaterThan(16 << 20);
  const bytes = await readFile(out);
  expect(sha(bytes)).toBe(packed.sha256);
  expect(gunzipSync(bytes).equals(await readFile(tar))).toBe(true);
  await runOk(['gzip', '-t', out]);
  const python = `import tarfile, zlib
d = zlib.decompressobj(31)
print(len(d.decompress(open("${out}", "rb").read())) , d.eof, len(d.unused_data))
print(len([m for m in tarfile.open("${out}", mode="r|gz")]) == len(tarfile.open("${tar}").getmembers()))`;
  const { stdout } = await runOk(['python3', '-c', python]);
  expect(stdout.trim().split('\n')).toEqual([`${packed.tarBytes} True 0`, 'True']);
  expect((await pack({ members: 'single' })).sha256).toBe(packed.sha256);
});
