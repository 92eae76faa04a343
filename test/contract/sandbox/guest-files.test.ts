import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstBoot, newHostKey } from '../../../sandbox/guest/first-boot.ts';
import { guestFacts, putStandIns } from '../../../sandbox/guest/stand-ins.ts';
import { unpack } from '../../../sandbox/guest/unpack.ts';
import type { GuestMachine } from '../../../sandbox/machines/guests.ts';
import { run } from '../process/run-tool.ts';

let dir: string;
let root: string;
let outside: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'guest-files-'));
  root = join(dir, 'root');
  outside = join(dir, 'outside');
  for (const path of ['etc/ssh', 'dev', 'boot']) mkdirSync(join(root, path), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(outside, 'file'), 'of the host');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const machine: GuestMachine = {
  ...{ systemId: 'aaa', hostname: 'host-a', fqdn: 'host-a.maas', architecture: 'amd64/generic' },
  ...{
    mac: '00:16:3e:00:00:01',
    deployment: 1,
    userData: '',
    sshKeys: ['ssh-ed25519 AAAA'],
    address: '127.1.0.1',
    kernelOptions: '',
  },
};

async function boot(): Promise<void> {
  await firstBoot(root, machine, { run, user: 'ubuntu', troubles: new Set(), sameKey: newHostKey() });
  const facts = guestFacts(root, machine, { gpus: 1, machineId: '0'.repeat(32) });
  await putStandIns(root, facts, new Set());
}

/** Every file that the first boot writes. */
const WRITTEN = [
  'etc/machine-id',
  'etc/hostname',
  'etc/passwd',
  'etc/ssh/ssh_host_ed25519_key',
  'etc/ssh/ssh_host_ed25519_key.pub',
  'home/ubuntu/.ssh/authorized_keys',
  '.sandbox/bin/uname',
];

it('every new host key can be read', () => {
  // One of 256 that the library makes cannot.
  for (let i = 0; i < 1500; i++) expect(ssh2.utils.parseKey(newHostKey())).not.toBeInstanceOf(Error);
});

describe('files that a guest of the sandbox writes into its image', () => {
  it.each(WRITTEN)('never goes through a pipe, a device or a link at %s', async (path) => {
    const file = join(root, path);
    mkdirSync(join(file, '..'), { recursive: true });
    for (const put of [
      () => execFileSync('mkfifo', [file]),
      () => symlinkSync(join(outside, 'file'), file),
      () => symlinkSync('../outside/new', file),
      // As root only: an ordinary user's tar makes none.
      ...(process.getuid?.() === 0 ? [() => execFileSync('mknod', [file, 'c', '1', '5'])] : []),
    ]) {
      rmSync(file, { force: true });
      put();
      await boot();
      expect(lstatSync(file).isFile()).toBe(true);
    }
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('of the host');
    expect(existsSync(join(outside, 'new'))).toBe(false);
  });

  it.each(WRITTEN)('does not change another name of the file at %s', async (path) => {
    const file = join(root, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(join(root, 'other'), 'tool');
    rmSync(file, { force: true });
    execFileSync('ln', [join(root, 'other'), file]);
    await boot();
    expect(readFileSync(join(root, 'other'), 'utf8')).toBe('tool');
  });

  it.each(WRITTEN)(
    'is refused where a folder leads outside on the way to %s, or is in its place',
    async (path) => {
      const first = join(root, path.split('/')[0] as string);
      rmSync(first, { recursive: true, force: true });
      symlinkSync(outside, first);
      // The folder of the stand-ins is the sandbox's own and is made anew.
      if (path.startsWith('.sandbox')) await boot();
      else await expect(boot()).rejects.toMatchObject({ code: 'TAR_INVALID' });
      expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('of the host');
      expect(existsSync(join(outside, 'bin'))).toBe(false);
    },
  );

  it('takes no kernel from outside of the image', async () => {
    mkdirSync(join(outside, '9.9.9'), { recursive: true });
    writeFileSync(join(outside, 'vmlinuz-9.9.9'), '');
    mkdirSync(join(root, 'lib'));
    symlinkSync(outside, join(root, 'lib/modules'));
    rmSync(join(root, 'boot'), { recursive: true });
    symlinkSync(outside, join(root, 'boot'));
    expect(guestFacts(root, machine, { gpus: 1, machineId: '' }).kernel).toBeNull();
  });

  it('leaves no device node of the image', async () => {
    if (process.getuid?.() === 0) {
      execFileSync('mknod', [join(root, 'dev/full'), 'c', '1', '7']);
      execFileSync('mknod', [join(root, 'etc/disk'), 'b', '7', '250']);
    }
    writeFileSync(join(root, 'etc/kept'), '');
    const image = join(dir, 'image.tgz');
    execFileSync('tar', ['-C', root, '-czf', image, '.']);
    const made = join(dir, 'unpacked');
    await unpack(run, image, made, new AbortController().signal);
    expect(['dev/full', 'etc/disk', 'etc/kept'].filter((path) => existsSync(join(made, path)))).toEqual([
      'etc/kept',
    ]);
  });
});
