import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packTar } from '../../../pipeline/image/pack/pack.ts';
import { run, runOk } from '../process/run-tool.ts';
import { makeRoot } from './make-root.ts';

const child = new URL('./pack-child.ts', import.meta.url).pathname;
let dir: string;
let root: string;
let tar: string;
let cache: string;
const members = () => readdirSync(join(cache, 'members'));
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** By the tool of this host, into an artifact of its own. */
async function pack(name: string, withCache: boolean) {
  const out = join(dir, `${name}.tar.gz`);
  const said: unknown[] = [];
  const packed = await packTar({
    ...{ tar, out, level: 'normal', id: 'pack' },
    ...(withCache && { cache: { folder: cache, most: 1 << 30 } }),
    emit: (event) => event.type === 'notice' && said.push(event),
  });
  const blocks = new Set(packed.members!.map((one) => one.sha256));
  return { out, said, sha256: packed.sha256, blocks: blocks.size };
}

/** As the guest hands its root over. */
const writeTar = () =>
  runOk([
    ...['tar', '--format=posix', '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime'],
    ...['--xattrs', '--xattrs-include=*', '--numeric-owner', '--sort=name', '-C', root, '-cf', tar, '.'],
  ]);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cache-'));
  [root, tar, cache] = [join(dir, 'root'), join(dir, 'root.tar'), join(dir, 'cache')];
  await makeRoot(root);
  await writeFile(join(root, 'noise'), randomBytes(9 << 20));
  for (let i = 0; i < 40; i++) {
    await mkdir(join(root, `d${i}`));
    await writeFile(join(root, `d${i}`, 'file'), Buffer.alloc(400_000, `${i} and again `));
  }
  await writeTar();
});
afterAll(() => rm(dir, { recursive: true }));

test('libdeflate-gzip: after a change the artifact is the same with members of the cache, and is read by every reader', async () => {
  const first = await pack('first', true);
  expect(members()).toHaveLength(first.blocks);
  await writeFile(join(root, 'd20', 'file'), 'changed');
  await writeTar();
  const bare = await pack('bare', false);
  const cached = await pack('cached', true);
  expect({ ...cached, out: '' }).toEqual({ ...bare, out: '' });
  expect(cached.sha256).not.toBe(first.sha256);
  const made = members().length - first.blocks;
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan(4);

  const { out } = cached;
  expect(sha(await readFile(out))).toBe(cached.sha256);
  const whole = sha(await readFile(tar));
  await runOk(['gzip', '-t', out]);
  await runOk(['tar', '-tzf', out]);
  const python = `import gzip, hashlib, tarfile
print(hashlib.sha256(gzip.open("${out}").read()).hexdigest())
print(len(tarfile.open("${out}", "r:gz").getmembers()) == len(tarfile.open("${tar}").getmembers()))`;
  expect((await runOk(['python3', '-c', python])).stdout.trim().split('\n')).toEqual([whole, 'True']);
});

test('a cache on another file system, and one whose disk fills: the artifact is right, with one warning', async () => {
  const script = 'mount -t tmpfs -o size="$1" none "$2" && exec "$3" "$4" "$5" "$6" "$2"';
  const [mount, out] = [join(dir, 'mount'), join(dir, 'other.tar.gz')];
  await mkdir(mount);
  const { sha256 } = await pack('bare', false);
  const inMount = async (size: string) => {
    const args = ['sh', '-c', script, 'sh', size, mount, process.execPath, child, tar, out];
    const { stdout, stderr } = await run(['unshare', '--map-root-user', '--mount', ...args]);
    expect(stderr).not.toMatch(/unshare|mount/);
    expect(sha(await readFile(out))).toBe(sha256);
    return stdout.split('\n');
  };
  expect(await inMount('400m')).toEqual([sha256]);
  const [full, ...said] = await inMount('40m');
  expect(full).toBe(sha256);
  expect(said).toEqual([expect.stringMatching(/^No more members are kept in the cache: .*too little space/)]);
});

test('two packs at the same time share a cache', async () => {
  await rename(cache, `${cache}-before`);
  const { sha256 } = await pack('bare', false);
  const both = await Promise.all([pack('one', true), pack('two', true)]);
  expect(both.map((one) => [one.sha256, one.said])).toEqual([
    [sha256, []],
    [sha256, []],
  ]);
  expect((await pack('three', true)).said).toEqual([]);
});
