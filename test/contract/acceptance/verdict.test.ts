import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { acceptanceStateOf } from '../../../pipeline/maas/acceptance/quarantine.ts';
import type { Acceptance } from '../../../pipeline/maas/acceptance/types.ts';
import { call } from '../sandbox/client.ts';
import { ID, type Stage, stage } from './stage.ts';

let here: Stage;
let image: string;
beforeAll(async () => {
  here = await stage(3);
  image = await here.upload('demo', 'demo-1.0-aaaaaaa', {
    'var/log/cloud-init.log': 'oauth_token=SECRETTOKEN rest',
  });
});
afterAll(() => here.close());
beforeEach(() => {
  here.trouble();
  here.maas.control.clearFailures();
});

const failed = ({ verdict }: Acceptance) =>
  verdict.findings.filter(({ status }) => status === 'fail').map(({ id, found }) => [id, found]);
const ready = async (name: string) => {
  for (let turn = 0; (await here.status(name)) !== 'Ready'; turn++) {
    if (turn > 100) throw new Error(`${name} is ${await here.status(name)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const state = async () => acceptanceStateOf(await here.ledger(), image).state;

it('accepts an image whose machine is well, keeps its logs, and leaves no secret of the machine in them', async () => {
  const result = await here.accept(image);
  expect(failed(result)).toEqual([]);
  expect(result).toMatchObject({
    accepted: true,
    released: 'released',
    machine: { hostKeys: [expect.stringMatching(/^ssh-ed25519 AAAA/)] },
  });
  const kernel = result.verdict.findings.find(({ id }) => id === 'kernel-of-the-image');
  expect(kernel).toMatchObject({ status: 'pass', found: '5.4.0-125-generic' });
  expect(await state()).toBe('accepted');
  await ready(ID(1));
  const log = readFileSync(join(here.host.dir, 'work/demo/accept/lab/logs/cloud-init.log'), 'utf8');
  expect(log).toContain('oauth_token=***');
  expect(log).not.toContain('SECRETTOKEN');
  expect(existsSync(join(here.host.dir, 'work/demo/accept/lab/logs/maas-events.log'))).toBe(true);
});

it('quarantines the image on a machine with troubles, each reported by its own check, and gives the machine back', async () => {
  here.trouble('*:failed-unit', '*:cloud-init-error', '*:wrong-kernel', '*:no-efi');
  const result = await here.accept(image);
  expect(failed(result)).toEqual([
    ['cloud-init-done', expect.stringContaining('exit code 1')],
    ['no-failed-unit', expect.stringContaining('nvidia-persistenced.service')],
    ['kernel-of-the-image', expect.stringContaining('6.8.0-31-generic, not 5.4.0-125-generic')],
    ['disk-as-asked', expect.stringContaining('/boot/efi')],
    ['boots-by-efi', expect.stringContaining('exit code 2')],
  ]);
  expect(result).toMatchObject({ accepted: false, released: 'released' });
  expect(await state()).toBe('quarantined');
  await ready(ID(1));
});

it('looks at what makes a DGX', async () => {
  const dgx = { checks: 'use: [dgx]', platform: 'dgx_a100', profile: 'dgxos5' };
  here.trouble('*:lost-gpu', '*:fabric-down', '*:dcgm-fail');
  expect(failed(await here.accept(image, dgx))).toEqual([
    ['gpus', expect.stringContaining('stdout has 7 lines instead of 8')],
    ['fabric-manager', expect.stringContaining('exit code 3')],
    ['dcgm-level-1', expect.stringContaining('exit code 226')],
  ]);
  here.trouble();
  // A DGX-1 has no NVSwitch.
  const well = await here.accept(image, { ...dgx, platform: 'dgx1' });
  expect(well.verdict.findings.map(({ id }) => id)).toEqual([
    'deploys',
    'answers-ssh',
    'gpus',
    'dcgm-level-1',
  ]);
  expect(well.accepted).toBe(true);
});

it.each([
  // Eight GPUs, and the subnet manager beside the fabric manager.
  ['dgx_b200', 8, ['gpus', 'fabric-manager', 'subnet-manager', 'dcgm-level-1']],
  // A compute tray: IMEX, and the fabric manager is the switch trays' matter.
  ['dgx_gb200', 4, ['gpus', 'imex', 'no-fabric-manager', 'dcgm-level-1']],
])('looks at what a %s has', async (platform, gpus, ids) => {
  const dgx = { checks: 'use: [dgx]', platform, profile: 'dgxos7' };
  const result = await here.accept(image, dgx);
  expect(result.verdict.findings.map(({ id }) => id)).toEqual(['deploys', 'answers-ssh', ...ids]);
  // The sandbox' machines have eight.
  expect(failed(result)).toEqual(
    gpus === 8 ? [] : [['gpus', expect.stringContaining('stdout has 8 lines instead of 4')]],
  );
  const own = await here.accept(image, { ...dgx, checks: `use: [dgx]\ngpus: { ${platform}: 8 }` });
  expect(own.accepted).toBe(true);
});

it('finds host keys and machine-ids that were baked in when they turn up a second time', async () => {
  here.trouble('*:same-host-keys', '*:same-machine-id');
  const checks = readFileSync('templates/acceptance/base.yaml', 'utf8').split('\nlogs:')[0];
  const first = await here.accept(image, { checks, machines: [ID(1)] });
  expect(failed(first)).toEqual([]);
  const same = await here.accept(image, { checks, machines: [ID(1)] });
  // A virtual machine keeps its id by its firmware, so the same machine may have the same.
  expect(failed(same).map(([id]) => id)).toEqual(['host-keys-fresh']);
  const other = await here.accept(image, { checks, machines: [ID(2)] });
  expect(failed(other).map(([id]) => id)).toEqual(['host-keys-fresh', 'machine-id-fresh']);
});

it('an image that lets nobody in, or never answers, is quarantined; what was not looked at says so', async () => {
  here.trouble('*:no-keys');
  const denied = await here.accept(image, { sshTimeoutS: 0.3 });
  expect(failed(denied)).toEqual([['answers-ssh', expect.stringContaining('Permission denied')]]);
  here.trouble('*:no-ssh');
  const silent = await here.accept(image, { sshTimeoutS: 0.3 });
  expect(failed(silent)).toEqual([['answers-ssh', expect.stringContaining('within 0.3 s')]]);
  expect(silent.verdict.counts.notApplicable).toBe(7);
  await ready(ID(1));
});

it('a connection that breaks is not a verdict, unless it breaks again', async () => {
  const check = (id: string, command: string) =>
    `  - { id: ${id}, title: t, command: "${command}", why: w, fix: f }\n`;
  const checks = `checks:\n${check('once', 'mkdir /once || exit 0; exit 255')}${check('always', 'exit 255')}`;
  expect(failed(await here.accept(image, { checks }))).toEqual([
    ['always', expect.stringContaining('connection broke')],
  ]);
});

it('a machine that goes away is waited for once', async () => {
  const check = (id: string) => `  - { id: ${id}, title: t, command: sleep 9, why: w, fix: f }\n`;
  const begun = Promise.withResolvers<void>();
  const emit = (event: Event) => {
    if (event.type === 'progress' && event.note === 'a') begun.resolve();
  };
  const checks = `checks:\n${check('a')}${check('b')}`;
  const trying = here.accept(image, { checks, sshTimeoutS: 1, emit });
  const { systemId } = here.maas.control.machines().find(({ hostname }) => hostname === ID(1))!;
  await begun.promise;
  await call(here.maas, 'POST', `machines/${systemId}/?op=power_off`, {});
  const { verdict } = await trying;
  expect(verdict.findings.slice(2)).toMatchObject([
    { id: 'a', status: 'fail', found: expect.stringContaining('has not answered ssh') },
    { id: 'b', status: 'not-applicable' },
  ]);
  await ready(ID(1));
});

it('an image that MAAS cannot deploy is quarantined with the cause', async () => {
  here.maas.control.addFailure(`${ID(1)}:deploying`);
  const result = await here.accept(image);
  expect(failed(result)).toMatchObject([['deploys', expect.any(String)]]);
  expect(result.machine.address).toBeNull();
  expect(result.released).toBe('released');
});

it('is not a verdict on the image when nobody could enter any machine, or none is free or known', async () => {
  const before = (await here.ledger()).length;
  await expect(here.accept(image, { machines: [] })).rejects.toMatchObject({ code: 'USAGE' });
  await expect(here.accept(image, { machines: ['gpu-01'] })).rejects.toMatchObject({
    code: 'MACHINE_UNKNOWN',
    message: expect.stringContaining('Did you mean "gpu-001"'),
  });
  const keys = (await call(here.maas, 'GET', 'account/prefs/sshkeys/')).json as { id: number; key: string }[];
  for (const { id } of keys) await call(here.maas, 'DELETE', `account/prefs/sshkeys/${id}/`);
  await expect(here.accept(image)).rejects.toMatchObject({ code: 'SSH_DENIED', exitCode: 3 });
  await call(here.maas, 'POST', 'account/prefs/sshkeys/', { form: { key: keys[0]!.key } });
  expect(await here.ledger()).toHaveLength(before);
});

it('a kept machine stays deployed, and is a bastion to another', async () => {
  const kept = await here.accept(image, { machines: [ID(3)], checks: 'checks: []', keep: true });
  expect(kept.released).toBe('kept');
  expect(await here.status(ID(3))).toBe('Deployed');
  const through = await here.accept(image, {
    machines: [ID(1)],
    checks: 'checks: []',
    bastion: `ubuntu@${kept.machine.address}:${here.guestPort}`,
  });
  expect(failed(through)).toEqual([]);
});
