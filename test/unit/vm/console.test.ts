import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { failureIn, followConsole, meaningOf } from '../../../pipeline/host/vm/console.ts';

describe('the guest console', () => {
  it.each([
    ['[    0.000000] Linux version 6.1.0-28-cloud-amd64 (debian)', 'kernel 6.1.0-28-cloud-amd64 starts'],
    ['dgxos-installer: stage late: 24_install_pkgs', 'installing: late, 24_install_pkgs'],
    [
      'Setting up linux-image-5.4.0-52-generic (5.4.0-52.57) ...',
      'installing: setting up linux-image-5.4.0-52-generic',
    ],
    [
      '[  OK  ] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.',
      'live system: Multi-User',
    ],
    [
      'start:    subiquity/Install/install/curtin_install: installing system',
      'installing: Install/install/curtin_install',
    ],
    ['\x1b[0mdgxos-installer: done', 'installed'],
  ])('%s', (line, meaning) => expect(meaningOf(line)).toBe(meaning));

  it('says nothing about a line that means nothing', () => {
    expect(meaningOf('[    1.234567] random: crng init done')).toBeUndefined();
  });

  it('knows an installer that has failed', () => {
    expect(failureIn('dgxos-installer: FAILED late 23_apt_update rc=100')).toBe(
      'dgxos-installer: FAILED late 23_apt_update rc=100',
    );
    expect(failureIn('dgxos-installer: done')).toBeUndefined();
  });

  it.each([
    ['[    1.3] Kernel panic - not syncing: VFS: x', 'Kernel panic - not syncing: VFS: x'],
    [
      'BusyBox v1.36.1 (Ubuntu 1:1.36.1-6ubuntu3.1) built-in shell (ash)',
      'the initrd of the medium gave up and started a shell',
    ],
    [
      'You are in emergency mode. After logging in, type "journalctl -xb"',
      'the live system is in emergency mode',
    ],
    [
      'An error occurred. Press enter to start a shell',
      'subiquity: An error occurred. Press enter to start a shell',
    ],
    // Of packages and of the journal: the installation goes on.
    ['Setting up busybox-initramfs (1:1.36.1-6ubuntu3.1) ...', undefined],
    ['systemd[1]: emergency.target - Emergency Mode was skipped', undefined],
    ['kernel: panic=10 on the command line', undefined],
    ['dgxos-installer| An error occurred while reading a list', undefined],
  ])('of %j reports the failure %j', (line, failure) => {
    expect(failureIn(line)).toBe(failure);
  });

  it('follows a file that appears later and grows in pieces of lines', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'console-'));
    const seen: string[] = [];
    const follower = followConsole(join(dir, 'console.log'), (line) => seen.push(line));
    await sleep(300);
    await appendFile(join(dir, 'console.log'), 'one\r\ntw');
    await sleep(400);
    await appendFile(join(dir, 'console.log'), 'o\nthree');
    await follower.close();
    expect(seen).toEqual(['one', 'two', 'three']);
    await rm(dir, { recursive: true });
  });
});
