import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BootFailed, type Booting } from '../../../pipeline/maas/rehearse/boot.ts';
import { CloudInitConsole } from '../../../pipeline/maas/rehearse/cloud-init-console.ts';
import { enter } from '../../../pipeline/maas/rehearse/enter.ts';
import { newSshKey } from '../../../pipeline/maas/rehearse/ssh-key.ts';
import { SshdConsole } from '../../../pipeline/maas/rehearse/sshd-trouble.ts';
import { freePort } from '../acceptance/free-port.ts';

test('sshd that has failed on the console is not awaited to the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'enter-'));
  const { signal } = new AbortController();
  await newSshKey(folder, signal);
  const sshd = new SshdConsole();
  for (const line of [
    '[FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.',
    '-----BEGIN SSH HOST KEY KEYS-----',
    '-----END SSH HOST KEY KEYS-----',
  ])
    sshd.see(line);
  const sshPort = await freePort();
  const booting: Booting = {
    ...{
      signal,
      broken: signal,
      sshd,
      cloudInit: new CloudInitConsole(),
      user: () => 'debian',
      until: () => Promise.resolve(),
    },
    running: () => Promise.resolve({ sshPort, picture: () => Promise.resolve() }),
  };
  const failed: unknown = await enter(booting, {
    ...{ machine: { folder }, request: { emit() {} }, afterPowerCut: true, env: process.env },
    ...{ timeoutS: 3600, failedForS: 0.1 },
  }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(BootFailed);
  expect((failed as BootFailed).trouble).toMatchObject({
    said: 'ssh.service has failed, and sshd does not answer',
    cause: expect.stringContaining('the power was cut'),
  });
});
