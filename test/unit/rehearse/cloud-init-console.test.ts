import { expect, it } from 'vitest';
import type { Booting } from '../../../pipeline/maas/rehearse/boot.ts';
import { CloudInitConsole } from '../../../pipeline/maas/rehearse/cloud-init-console.ts';
import { asksForUserData } from '../../../pipeline/maas/rehearse/look.ts';
import type { MachineRequest } from '../../../pipeline/maas/rehearse/machine.ts';
import { Progress } from '../../../pipeline/maas/rehearse/phases.ts';
import { SshdConsole } from '../../../pipeline/maas/rehearse/sshd-trouble.ts';

// Lines of Debian 12 (systemd 252, cloud-init 22.4.2) and Ubuntu 20.04 (systemd 245) on a serial console.
const RUNS =
  "[   87.851897] cloud-init[297]: Cloud-init v. 22.4.2 running 'init-local' at Sun, 29 Nov 2026 17:25:45 +0000. Up 87.01 seconds.";
const LOGIN = '[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mgetty.target\x1b[0m - Login Prompts.';
const UP = '[  OK  ] Reached target Multi-User System.';

function absent(lines: readonly string[], seconds: number): boolean {
  let now = 0;
  const seen = new CloudInitConsole(() => now);
  for (const line of lines) seen.see(line);
  now = seconds * 1000;
  return seen.absentFor(30);
}

it.each([[[LOGIN]], [[UP]], [[LOGIN, UP]]])('a system that is up without cloud-init: %j', (lines) => {
  expect([absent(lines, 29), absent(lines, 30)]).toEqual([false, true]);
});

it.each([
  [[]],
  [[RUNS]],
  [[RUNS, LOGIN, UP]],
  [[LOGIN, RUNS, UP]],
  [['[  OK  ] Reached target Cloud-config availability.']],
])('no judgement where cloud-init runs, or nothing is up: %j', (lines) => {
  expect(absent(lines, 3600)).toBe(false);
});

it('the wait for user data ends there, and names the cause', async () => {
  let now = 0;
  const cloudInit = new CloudInitConsole(() => now);
  cloudInit.see(LOGIN);
  now = 30_000;
  const progress = new Progress(() => 0);
  progress.enter('boot');
  const { signal } = new AbortController();
  const booting: Booting = {
    ...{ signal, broken: signal, sshd: new SshdConsole(), cloudInit, user: () => undefined },
    running: () => Promise.reject(new Error('not asked for')),
    until: async (holds) => expect(holds()).toBe(true),
  };
  const machine = { accelerator: 'tcg' } as MachineRequest;
  await expect(asksForUserData(booting, { machine, progress })).rejects.toMatchObject({
    trouble: {
      said: expect.stringContaining('cloud-init has not run'),
      remedy: expect.stringContaining('debconf'),
    },
  });
});
