import { describe, expect, it } from 'vitest';
import { SshdConsole } from '../../../pipeline/maas/rehearse/sshd-trouble.ts';

// The console of Debian 12 (systemd 252, cloud-init 22.4.2) after a power cut in its first boot, as QEMU wrote it.
const FAILED =
  '[\x1b[0;1;31mFAILED\x1b[0m] Failed to start \x1b[0;1;39mssh.servic…[0m - OpenBSD Secure Shell server.';
const NO_KEYS = ['-----BEGIN SSH HOST KEY KEYS-----', '-----END SSH HOST KEY KEYS-----'];
const KEYS = [
  NO_KEYS[0]!,
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI root@rehearsal',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI root@rehearsal',
  NO_KEYS[1]!,
];

function consoleOf(lines: readonly string[]) {
  let now = 0;
  const sshd = new SshdConsole(() => now);
  for (const line of lines) sshd.see(line);
  return {
    sshd,
    failedAt: (seconds: number) => {
      now = seconds * 1000;
      return sshd.failedFor(30);
    },
  };
}

describe('whether sshd has failed', () => {
  it.each([
    ['systemd 252', FAILED],
    ['systemd 245 of Ubuntu 20.04', '[FAILED] Failed to start OpenBSD Secure Shell server.'],
    ['systemd 255', '[FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.'],
    ['another distribution', '[FAILED] Failed to start sshd.service - OpenSSH server daemon.'],
  ])('%s', (_name, line) => {
    const { failedAt } = consoleOf([line]);
    expect([failedAt(29), failedAt(30)]).toEqual([false, true]);
  });

  it('counts from its first failure', () => {
    let now = 0;
    const sshd = new SshdConsole(() => now);
    for (const at of [0, 10, 20]) {
      now = at * 1000;
      sshd.see(FAILED);
    }
    now = 30_000;
    expect(sshd.failedFor(30)).toBe(true);
  });

  it.each([
    [[]],
    [[FAILED, '[  OK  ] Started ssh.service - OpenBSD Secure Shell server.']],
    [['[FAILED] Failed to start apport.service - automatic crash reports.']],
    [['[FAILED] Failed to listen on ssh.socket - OpenBSD Secure Shell server socket.']],
    [['[  OK  ] Stopped ssh.service - OpenBSD Secure Shell server.']],
  ])('not by %j', (lines) => {
    expect(consoleOf(lines).failedAt(1000)).toBe(false);
  });
});

describe('the reason', () => {
  it('after a power cut is that the host keys were not on the disk', () => {
    const { cause, remedy } = consoleOf([FAILED, ...NO_KEYS]).sshd.trouble(true);
    expect(cause).toContain('no host keys: the power was cut before they were on the disk');
    expect(remedy).toContain('ssh-keygen -A');
  });

  it('without one is that cloud-init has made none', () => {
    const { cause } = consoleOf([FAILED, ...NO_KEYS]).sshd.trouble(false);
    expect(cause).toContain('cloud-init has made none');
  });

  it.each([[[FAILED, ...KEYS]], [[...KEYS, FAILED]]])('is sshd itself where there are keys: %j', (lines) => {
    for (const cut of [true, false])
      expect(consoleOf(lines).sshd.trouble(cut)).toMatchObject({
        cause: 'sshd of the installed system does not start',
        remedy: expect.stringContaining('sshd -t'),
      });
  });

  it('is sshd itself where no keys are printed, but not after a power cut', () => {
    const { sshd } = consoleOf([FAILED]);
    expect(sshd.trouble(false).cause).toBe('sshd of the installed system does not start');
    expect(sshd.trouble(true).cause).toContain('the power was cut');
  });

  it.each([[[]], [NO_KEYS], [KEYS]])('is open where sshd has not failed: %j', (lines) => {
    expect(consoleOf(lines).sshd.trouble(true).cause).toContain('no network or no sshd');
  });

  it('counts keys between lines of the kernel', () => {
    const between = [KEYS[0]!, '[   70.1] random: crng init done', ...KEYS.slice(1)];
    expect(consoleOf([FAILED, ...between]).sshd.trouble(true).cause).toContain('does not start');
    const empty = [NO_KEYS[0]!, '[   70.1] random: crng init done', NO_KEYS[1]!];
    expect(consoleOf([FAILED, ...empty]).sshd.trouble(true).cause).toContain('no host keys');
  });
});
