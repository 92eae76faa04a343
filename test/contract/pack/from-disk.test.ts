import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLI } from '../../cli.ts';
import { run, runOk } from '../process/run-tool.ts';
import { makeDisk, OFFSET, whyNoLoop } from './make-disk.ts';
import { makeRoot } from './make-root.ts';

const noLoop = whyNoLoop();
const noFuse =
  process.getuid?.() !== 0
    ? 'not root'
    : !existsSync('/dev/fuse')
      ? 'no /dev/fuse'
      : !existsSync('/usr/bin/fuse2fs')
        ? 'fuse2fs is not installed'
        : null;
if (noLoop) process.stderr.write(`pack --from by loop mount is not tested here: ${noLoop}\n`);
if (noFuse) process.stderr.write(`pack --from by fuse2fs is not tested here: ${noFuse}\n`);

let dir: string;
let root: string;
let disk: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'from-disk-'));
  root = join(dir, 'tree');
  disk = join(dir, 'disk.raw');
  await makeRoot(root);
  await makeDisk(disk, root);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** @param standIns programs by name, as shell scripts, that stand before the real ones */
async function start(
  name: string,
  args: string[],
  standIns: Record<string, string> = {},
): Promise<{ child: ChildProcess; out: string; output: () => string; errors: () => string }> {
  // A PATH knows no way to write a colon.
  const bin = join(dir, `bin-${name.replaceAll(':', '')}`);
  await mkdir(bin, { recursive: true });
  for (const [tool, script] of Object.entries(standIns)) {
    await writeFile(join(bin, tool), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, tool), 0o755);
  }
  await mkdir(join(dir, name), { recursive: true });
  const out = join(dir, name, 'image.tar.gz');
  const child = spawn(process.execPath, [CLI, 'pack', '--out', `${name}/image.tar.gz`, '--json', ...args], {
    cwd: dir,
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, XDG_STATE_HOME: join(dir, 'state') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout!.on('data', (text) => {
    output += text;
  });
  child.stderr!.on('data', (text) => {
    errors += text;
  });
  return { child, out, output: () => output, errors: () => errors };
}

async function pack(name: string, args: string[], standIns?: Record<string, string>) {
  const { child, out, output, errors } = await start(name, args, standIns);
  const [exitCode] = await once(child, 'close');
  return { exitCode, out, errors: errors(), json: JSON.parse(output()) };
}

/** Mount points below our folder. */
const mounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((path) => path.startsWith(dir));

async function expectNothingLeft(name: string) {
  expect(mounts()).toEqual([]);
  expect((await readdir(join(dir, name))).filter((file) => file.startsWith('.'))).toEqual([]);
  expect(await readdir(join(dir, 'state/dgxos-maas/mounts'))).toEqual([]);
}

async function unpack(out: string): Promise<string> {
  const to = `${out}.unpacked`;
  await mkdir(to);
  await runOk(['tar', '-C', to, '--xattrs', '--xattrs-include=*', '--numeric-owner', '-Sxpf', out]);
  return to;
}

const blocks = (tar: Buffer) =>
  Array.from({ length: tar.length / 512 }, (_, at) => tar.toString('latin1', at * 512, at * 512 + 512));

describe.skipIf(noLoop)('by loop mount', () => {
  test('the artifact holds what the disk holds, beside facts, manifest, SBOM and sums; nothing stays mounted', async () => {
    const { exitCode, json, out } = await pack('loop', ['--from', disk]);
    // Three files are not a root for MAAS.
    expect(exitCode).toBe(6);
    expect(json.read).toEqual({ way: 'loop', loses: [] });
    expect(json.partition).toMatchObject({ number: 2, offset: OFFSET });
    const check43 = json.findings.find(({ number }: { number: number }) => number === 43);
    expect(check43).toMatchObject({ status: 'pass', found: 'the disk was checked before it was read' });
    const unpacked = await unpack(out);
    await runOk(['diff', '-r', '--no-dereference', '--exclude=lost+found', root, unpacked]);
    expect((await stat(join(unpacked, 'suid'))).mode & 0o7777).toBe(0o4755);
    expect((await stat(join(unpacked, 'hard link'))).ino).toBe((await stat(join(unpacked, 'random'))).ino);
    expect((await stat(join(unpacked, 'sparse'))).blocks).toBeLessThan(1000);
    await runOk(['sha256sum', '-c', 'SHA256SUMS'], { cwd: join(dir, 'loop') });
    const manifest = JSON.parse(await readFile(join(dir, 'loop/image.manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      artifact: { sha256: json.sha256, size: json.size },
      inputs: { disk: { file: 'disk.raw', format: 'raw' }, partition: { number: 2 } },
      osRelease: { id: 'ubuntu' },
    });
    expect((await readdir(join(dir, 'loop'))).includes('image.provenance.json')).toBe(false);
    expect(json.files).toEqual(
      ['tar.gz', 'facts.json', 'manifest.json', 'sbom.cdx.json']
        .map((type) => join(dir, `loop/image.${type}`))
        .concat(join(dir, 'loop/SHA256SUMS')),
    );
    await expectNothingLeft('loop');
  });

  test('a qcow2 gives the same artifact', async () => {
    const qcow2 = join(dir, 'disk.qcow2');
    await runOk(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', disk, qcow2]);
    const [raw, other] = [await pack('raw', ['--from', disk]), await pack('qcow2', ['--from', qcow2])];
    const read = ({ out }: { out: string }) => blocks(gunzipSync(readFileSync(out)));
    const [a, b] = [read(raw), read(other)];
    expect(b.length).toBe(a.length);
    const different = b.filter((block, at) => block !== a[at]);
    // GNU tar writes its process id into the one name that cannot be given: that of a file with holes.
    expect(different.filter((block) => !block.includes('GNUSparseFile.'))).toEqual([]);
  });

  test.each([['loop'], ['fuse2fs']])('odd characters in paths are not options: %s', async (way) => {
    const odd = 'o?dd, na:me';
    await mkdir(join(dir, odd), { recursive: true });
    await cp(disk, join(dir, odd, 'd?sk=1.img'));
    const others: Record<string, string> = way === 'loop' || noFuse ? {} : { mount: 'exit 32' };
    const { json } = await pack(odd, ['--from', join(dir, odd, 'd?sk=1.img')], others);
    expect(json.read.way).toBe(noFuse ? 'loop' : way);
    expect(json.file).toContain(odd);
    await expectNothingLeft(odd);
  });

  test('sums of other images of the folder stay', async () => {
    await mkdir(join(dir, 'sums'));
    await writeFile(join(dir, 'sums/SHA256SUMS'), `${'0'.repeat(64)}  other.tar.gz\n`);
    await pack('sums', ['--from', disk]);
    const sums = await readFile(join(dir, 'sums/SHA256SUMS'), 'utf8');
    expect(sums).toContain('  other.tar.gz\n');
    expect(sums).toContain('  image.tar.gz\n');
  });

  test('SIGINT unmounts', async () => {
    const { child } = await start('int', ['--from', disk], { tar: 'sleep 60' });
    while (mounts().length === 0) await sleep(20);
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).toBe(130);
    await expectNothingLeft('int');
  });

  test('the mount of a killed run is unmounted by the next', async () => {
    const { child } = await start('kill', ['--from', disk], { tar: 'sleep 60' });
    while (mounts().length === 0) await sleep(20);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(mounts()).toHaveLength(1);
    const { errors } = await pack('after', ['--from', disk]);
    expect(errors).toContain('Removed the files that a killed run left');
    await expectNothingLeft('kill');
  });
});

test.skipIf(noFuse)(
  'fuse2fs reads the same where the kernel may not mount, and says what is lost',
  async () => {
    const { json, out, errors } = await pack('fuse', ['--from', disk], { mount: 'exit 32' });
    expect(json.read).toEqual({
      way: 'fuse2fs',
      loses: ['sub-second modification times', 'trusted.* attributes'],
    });
    expect(errors).toContain('which loses sub-second modification times and trusted.* attributes');
    const unpacked = await unpack(out);
    await runOk(['diff', '-r', '--no-dereference', '--exclude=lost+found', root, unpacked]);
    await expectNothingLeft('fuse');
  },
);

test('a file system that needs recovery is refused before it is read', async () => {
  const dirty = join(dir, 'dirty.raw');
  await cp(disk, dirty);
  await runOk(['debugfs', '-w', '-R', 'feature needs_recovery', `${dirty}?offset=${OFFSET}`]);
  const { exitCode, json } = await pack('dirty', ['--from', dirty]);
  expect(exitCode).toBe(6);
  expect(json.error).toMatchObject({ code: 'IMAGE_REJECTED' });
  expect(json.error.message).toContain('needs recovery');
  await expectNothingLeft('dirty');
});

test.each([
  ['a partition without ext4', ['--partition', '1'], 'Partition 1 contains no ext4 file system'],
  ['a partition that is not there', ['--partition', '7'], 'The disk has no partition 7'],
])('%s is reported', async (_, args, message) => {
  const { exitCode, json } = await pack('reported', ['--from', disk, ...args]);
  expect(exitCode).toBe(3);
  expect(json.error).toMatchObject({ code: 'DISK_UNREADABLE', message });
});

test('a disk that is cut off, and one that is not there, are reported', async () => {
  const cut = join(dir, 'cut.raw');
  await runOk(['cp', '--sparse=always', disk, cut]);
  await runOk(['truncate', '-s', '50M', cut]);
  // The second copy of the table went with the end.
  const { json } = await pack('cut', ['--from', cut]);
  expect(json.error).toMatchObject({ code: 'DISK_UNREADABLE' });
  expect((await pack('none', ['--from', join(dir, 'none.raw')])).json.error.message).toMatch(
    /There is no file/,
  );
  expect((await run(['ls', join(dir, 'cut/image.tar.gz')])).exitCode).not.toBe(0);
});
