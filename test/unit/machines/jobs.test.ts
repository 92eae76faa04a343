import { describe, expect, test } from 'vitest';
import { efiFault } from '../../../pipeline/maas/machines/boot.ts';
import { commissionJob } from '../../../pipeline/maas/machines/commission-job.ts';
import { type DeployRequest, deployJob } from '../../../pipeline/maas/machines/deploy-job.ts';
import { hasImage } from '../../../pipeline/maas/machines/deploy-machine.ts';
import { powerJob } from '../../../pipeline/maas/machines/power-job.ts';
import { releaseJob } from '../../../pipeline/maas/machines/release-job.ts';
import { STATUSES, type Status } from '../../../pipeline/maas/machines/status.ts';
import { machine } from './machine.ts';

const session = { emit() {}, signal: new AbortController().signal };
const dgx: DeployRequest = { image: 'custom/dgx1-5.0', architectures: ['amd64'], needsEfi: true };
const deploy = (more: Parameters<typeof machine>[0], request = dgx) =>
  deployJob(request, session).decide(machine(more));
const custom = (series: string) => ({ osystem: 'custom', series });

describe('a deployment', () => {
  test.each<[Parameters<typeof machine>[0], string]>([
    [{ status: 'ready' }, 'start'],
    [{ status: 'allocated' }, 'start'],
    [{ status: 'deployed', ...custom('dgx1-5.0') }, 'nothing'],
    [{ status: 'deploying', ...custom('dgx1-5.0') }, 'wait'],
    [{ status: 'deployed', ...custom('dgx1-4.9') }, 'refuse'],
    [{ status: 'deploying', ...custom('dgx1-4.9') }, 'refuse'],
    [{ status: 'failed_deployment', ...custom('dgx1-5.0') }, 'refuse'],
    [{ status: 'new' }, 'refuse'],
    [{ status: 'ready', architecture: 'arm64/generic' }, 'refuse'],
    [{ status: 'ready', mounts: ['/'] }, 'refuse'],
    [{ status: 'ready', bootMethod: 'pxe' }, 'refuse'],
  ])('%j: %s', (more, expected) => expect(deploy(more).do).toBe(expected));

  test('without /boot/efi is refused before, with the way out', () => {
    const decision = deploy({ mounts: ['/'] });
    expect(decision).toMatchObject({
      fault: {
        code: 'MACHINE_NO_EFI',
        message: 'gpu01 has no partition at /boot/efi in its storage layout (it mounts /)',
        hint: expect.stringContaining('--storage-layout flat'),
      },
    });
    expect(deploy({ mounts: ['/'] }, { ...dgx, storageLayout: 'flat' }).do).toBe('start');
    expect(deploy({ mounts: ['/'] }, { ...dgx, needsEfi: false }).do).toBe('start');
    // No layout helps a machine that boots in BIOS mode.
    expect(efiFault(machine({ bootMethod: 'pxe' }), true)?.message).toContain('BIOS mode');
  });

  test.each(STATUSES.filter((status) => !['ready', 'allocated'].includes(status)))(
    'of a machine that is %s says what to do first',
    (status) => {
      const decision = deploy({ status, ...custom('other') });
      expect(decision.do === 'refuse' && decision.fault.hint).toMatch(/gpu01|[Rr]epair/);
    },
  );

  test.each([
    [custom('dgx1-5.0'), 'custom/dgx1-5.0', true],
    [custom('dgx1-5.0'), 'custom/dgx1', false],
    [custom('jammy'), 'ubuntu/jammy', false],
    [{ osystem: 'ubuntu', series: 'jammy' }, 'ubuntu/jammy', true],
    [{ osystem: 'ubuntu', series: 'jammy' }, 'jammy', true],
    [{ osystem: 'ubuntu', series: 'jammy' }, 'custom/jammy', false],
  ])('%j has %s: %s', (has, image, expected) => expect(hasImage(machine(has), image)).toBe(expected));
});

describe('questions before a start', () => {
  test('everything that ends what runs there; a new machine has nothing to lose', () => {
    expect(deployJob(dgx, session).destructive(machine())).toBe(true);
    expect(releaseJob({}, session).destructive(machine())).toBe(true);
    expect(powerJob('off', {}, session).destructive(machine())).toBe(true);
    expect(powerJob('on', {}, session).destructive(machine())).toBe(false);
    expect(commissionJob({}, session).destructive(machine({ status: 'new' }))).toBe(false);
    expect(commissionJob({}, session).destructive(machine({ status: 'ready' }))).toBe(true);
  });
});

describe('a second run of the same', () => {
  const decisions = (job: ReturnType<typeof releaseJob>, statuses: Status[]) =>
    statuses.map((status) => job.decide(machine({ status })).do);

  test('release', () =>
    expect(
      decisions(releaseJob({}, session), ['deployed', 'releasing', 'disk_erasing', 'ready', 'new']),
    ).toEqual(['start', 'wait', 'wait', 'nothing', 'refuse']));

  test('commission', () =>
    expect(
      decisions(commissionJob({}, session), ['new', 'commissioning', 'testing', 'ready', 'deployed']),
    ).toEqual(['start', 'wait', 'wait', 'start', 'refuse']));

  test('power', () => {
    const on = powerJob('on', {}, session);
    expect(on.decide(machine({ powerState: 'on', owner: 'a' })).do).toBe('nothing');
    expect(on.decide(machine({ owner: 'a' })).do).toBe('start');
    expect(on.decide(machine()).do, 'nobody has it').toBe('refuse');
    expect(on.decide(machine({ powerType: '', owner: 'a' })).do).toBe('refuse');
  });

  test('a locked machine is neither released nor turned off', () => {
    const locked = machine({ status: 'deployed', powerState: 'on', locked: true });
    expect(releaseJob({}, session).decide(locked).do).toBe('refuse');
    expect(powerJob('off', {}, session).decide(locked).do).toBe('refuse');
  });
});
