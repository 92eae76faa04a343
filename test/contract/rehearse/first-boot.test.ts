import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { loadChecks } from '../../../pipeline/maas/acceptance/checks-file.ts';
import type { Address, RehearseRequest } from '../../../pipeline/maas/rehearse/types.ts';
import { rehearsalFiles } from '../../../pipeline/workspace/layout.ts';
import { rehearsalFolder, rehearse, requestIn } from './rehearse-once.ts';
import { type Boot, CLOUD_INIT, standIn } from './stand-in.ts';

const CURTIN = (
  process.env.DGXOS_MAAS_CURTIN || join(import.meta.dirname, '../../fixtures/stand-in-curtin')
).split(':')[0]!;

let folder: string;
let abort: AbortController;

beforeEach(() => {
  folder = rehearsalFolder('first-boot-');
  abort = new AbortController();
});
afterEach(() => abort.abort());

const request = (more: Partial<RehearseRequest> = {}): RehearseRequest =>
  requestIn(folder, {
    until: 'accepted',
    curtin: { from: 'folder', path: CURTIN },
    emit() {},
    signal: abort.signal,
    env: { XDG_STATE_HOME: join(folder, 'state') },
    ...more,
  });
const booting = (boot: Boot) => standIn({ result: 'SUCCESS', log: 'all went well' }, boot);

test('an image that comes up is accepted: user data, cloud-init, ssh; with a picture of its screen', async () => {
  const { run, seen } = booting({ console: ['Linux version 6.1.0', 'login:'] });
  const result = await rehearse(request(), run);
  expect(result).toMatchObject({ ok: true, failure: null, screenshot: 'screen.png', acceptance: null });
  expect(seen.machines).toEqual(['ephemeral', 'disk']);
  expect(result.phases.map(({ phase }) => phase).slice(-4)).toEqual(['end', 'boot', 'first-boot', 'ssh']);
  expect(readFileSync(join(result.folder, 'boot.log'), 'utf8')).toBe('Linux version 6.1.0\nlogin:\n');
  expect(readdirSync(result.folder).filter((name) => /boot\.qcow2|^ssh$|monitor|\.raw$/.test(name))).toEqual(
    [],
  );
});

test('one that curtin cannot install is not booted', async () => {
  const { run, seen } = standIn({ result: 'FAIL', log: '' });
  expect(await rehearse(request(), run)).toMatchObject({ ok: false, failure: { phase: 'extract' } });
  expect(seen.machines).toEqual(['ephemeral']);
});

test('the user is the one whom cloud-init names on the console', async () => {
  const said = 'ci-info: ++++++Authorized keys from /home/debian/.ssh/authorized_keys for user debian++++++';
  const { run } = booting({ user: 'debian', console: [`[   61.2] cloud-init[600]: ${said}`] });
  let entered: Address | undefined;
  const result = await rehearse(
    request({
      shell: async (address) => {
        expect(existsSync(address.keyFile)).toBe(true);
        entered = address;
      },
    }),
    run,
  );
  expect(result.failure).toBeNull();
  expect(entered).toMatchObject({ user: 'debian', host: '127.0.0.1' });
  expect(existsSync(entered!.keyFile)).toBe(false);
});

describe('a fault of the host says nothing on the image', () => {
  const broken = new Fault('REHEARSAL_STOPPED', 'the disk is broken');

  test('before the installed system asks for anything', async () => {
    await expect(rehearse(request(), booting({ stops: broken }).run)).rejects.toBe(broken);
  });

  test('while somebody uses the machine: the session ends', async () => {
    const { run, seen } = booting({});
    const shell = async (_: Address, signal: AbortSignal) => {
      seen.stop!(broken);
      expect(signal.reason).toBe(broken);
    };
    await expect(rehearse(request({ shell }), run)).rejects.toBe(broken);
  });

  test('a QEMU that dies while a command runs, of which ssh only sees the end', async () => {
    const dead = new AbortController();
    const { run } = booting({
      answers: [[/result\.json/, 255, '']],
      before: async (command) => {
        if (/result\.json/.test(command)) dead.abort();
      },
    });
    const dying: typeof run = async (asked, options) => {
      if (asked.ephemeral) return run(asked, options);
      const onRunning: typeof options.onRunning = (up) =>
        options.onRunning?.({ ...up, picture: async () => dead.signal.throwIfAborted() });
      await run(asked, { ...options, onRunning, signal: dead.signal }).catch(() => {});
      await sleep(500);
      return { failed: 'ended by SIGKILL' };
    };
    await expect(rehearse(request(), dying)).rejects.toMatchObject({
      code: 'REHEARSAL_STOPPED',
      detail: 'ended by SIGKILL',
    });
  });
});

// Words of Linux 5.4 to 6.8, initramfs-tools 0.136 to 0.142, dracut 059, systemd 245 to 255, GRUB 2.04 to 2.12, OVMF 2022.11, cloud-init 20.1 to 24.
describe.each<[string, string[], string | RegExp]>([
  [
    'a kernel without an initrd',
    [
      'VFS: Unable to mount root fs on unknown-block(0,0)',
      '---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---',
    ],
    /found no root/,
  ],
  [
    'a panic of another kind',
    ['Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100'],
    'The kernel of the image stopped',
  ],
  [
    'a root without init',
    ['Run /sbin/init as init process', 'Kernel panic - not syncing: No working init found.'],
    /no program/,
  ],
  [
    'an initrd that does not know the array',
    [
      'ALERT!  UUID=0f-00 does not exist.  Dropping to a shell!',
      'BusyBox v1.30.1 (Ubuntu 1:1.30.1-4ubuntu6) built-in shell (ash)',
    ],
    /does not find the root: UUID=0f-00/,
  ],
  [
    'an initrd of dracut',
    ['dracut-initqueue[312]: Warning: Could not boot.', 'Generating "/run/initramfs/rdsosreport.txt"'],
    /dracut/,
  ],
  [
    'an fstab of another machine',
    [
      '[ TIME ] Timed out waiting for device /dev/disk/by-uuid/dead.',
      'You are in emergency mode. After logging in, type "journalctl -xb" to view',
    ],
    /fstab needs is on no disk of the machine: \/dev\/disk\/by-uuid\/dead/,
  ],
  [
    'a locked root in emergency mode',
    ['Cannot open access to console, the root account is locked.'],
    /emergency mode/,
  ],
  [
    'GRUB without its files',
    ['error: no such device: 0f-00.', 'Entering rescue mode...'],
    /GRUB does not find/,
  ],
  [
    'GRUB without a configuration',
    ['   Minimal BASH-like line editing is supported. For the first word, TAB'],
    /no configuration/,
  ],
  [
    'a disk without a boot loader',
    ['BdsDxe: failed to load Boot0001 "UEFI Misc Device"', '\x1b[2J\x1b[01;01HUEFI Interactive Shell v2.2'],
    /no boot loader/,
  ],
  [
    'a datasource list without MAAS',
    ['2026-11-29 08:00:00,000 - cc_final_message.py[WARNING]: Used fallback datasource'],
    /MAAS as its data source/,
  ],
])('%s', (_name, lines, cause) => {
  test('is named as the cause', async () => {
    const { run } = booting({ console: lines, asks: false, ends: false });
    const { ok, failure, screenshot } = await rehearse(request(), run);
    expect({ ok, screenshot, phase: failure?.phase }).toEqual({
      ok: false,
      screenshot: 'screen.png',
      phase: 'boot',
    });
    expect(failure?.cause).toMatch(cause);
    expect(failure?.log).toMatchObject({ name: 'boot.log' });
    expect(failure?.log.lines.at(-1)).toContain(lines.at(-1)!.slice(-12));
  });
});

describe('a system that boots and is of no use', () => {
  test('cloud-init that ends without asking MAAS', async () => {
    const { failure } = await rehearse(request(), booting({ asks: false }).run);
    expect(failure).toMatchObject({
      phase: 'boot',
      cause: expect.stringContaining('MAAS as its data source'),
    });
  });

  test('one that turns itself off', async () => {
    const { failure } = await rehearse(request(), booting({ ends: false, off: true }).run);
    expect(failure).toMatchObject({ phase: 'first-boot', said: 'the machine turned itself off' });
  });

  test('cloud-init that used other data', async () => {
    const other = CLOUD_INIT.replace('DataSourceMAAS', 'DataSourceNoCloud').replaceAll('MAAS', '');
    const { failure } = await rehearse(request(), booting({ answers: [[/result\.json/, 0, other]] }).run);
    expect(failure).toMatchObject({ phase: 'ssh', said: expect.stringContaining('DataSourceNoCloud') });
  });

  test('errors of cloud-init, with the end of its log', async () => {
    const errors = CLOUD_INIT.replace('"errors":[]', '"errors":["(\'runcmd\', KeyError())"]');
    const { failure } = await rehearse(
      request(),
      booting({
        answers: [
          [/result\.json/, 0, errors],
          [/cloud-init-output/, 0, 'a line\nthe last one'],
        ],
      }).run,
    );
    expect(failure).toMatchObject({
      said: expect.stringContaining('runcmd'),
      log: { name: 'cloud-init-output.log', lines: ['a line', 'the last one'] },
    });
  });

  test('no result of cloud-init', async () => {
    const { failure } = await rehearse(request(), booting({ answers: [[/result\.json/, 1, '']] }).run);
    expect(failure?.said).toContain('left no result');
  });
});

describe('after the first boot', () => {
  test.each([
    ['1', true],
    ['0', false],
    ['', false],
  ])('Secure Boot that the system reports as %j', async (said, ok) => {
    const answers: [RegExp, number, string][] = [[/efivars\/SecureBoot-/, 0, `   ${said}\n`]];
    const { run } = booting({ answers });
    const result = await rehearse(request({ secureBoot: true }), run);
    expect([result.ok, result.secureBoot]).toEqual([ok, true]);
    if (!ok) expect(result.failure?.said).toContain('Secure Boot is not in force');
  });

  test('reboots, each of which the machine must survive', async () => {
    const { run, seen } = booting({});
    const { ok, phases } = await rehearse(request({ reboots: 2 }), run);
    expect(ok).toBe(true);
    expect(phases.at(-1)?.phase).toBe('reboots');
    expect(seen.commands.filter((one) => /systemctl.*reboot/.test(one))).toHaveLength(2);
  });

  test('an image that does not come up again is named so', async () => {
    const { run } = booting({ again: false, console: [] });
    const panic = 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)';
    const dies: typeof run = (asked, options) => {
      if (!asked.ephemeral)
        setTimeout(() => appendFileSync(rehearsalFiles(asked.folder).rawBootConsole, `${panic}\n`), 3000);
      return run(asked, options);
    };
    const { failure } = await rehearse(request({ reboots: 1 }), dies);
    expect(failure).toMatchObject({ phase: 'reboots', cause: expect.stringContaining('found no root') });
  });

  test('a power cut in the first boot, after which cloud-init need not ask MAAS again', async () => {
    const { run, seen } = booting({});
    const second = booting({ asks: false }).run;
    const twice: typeof run = (asked, options) =>
      (seen.machines.includes('disk') ? second : run)(asked, options);
    const { ok, phases } = await rehearse(request({ powerCut: 0 }), twice);
    expect(ok).toBe(true);
    expect(phases.filter(({ phase }) => phase === 'boot')).toHaveLength(2);
    expect(seen.machines).toEqual(['ephemeral', 'disk']);
  });
});

describe('acceptance checks', () => {
  const subject = { release: '6.3.1', profile: 'dgxos6', platform: 'dgx-h100', system: null };
  const answers: Boot['answers'] = [
    [/cloud-init.*status/, 0, 'status: done\n'],
    [/systemctl.*failed/, 0, ''],
    [/uname/, 0, '5.15.0-dgx\n'],
    [/ssh_host/, 0, 'AAAA1\n'],
    [/machine-id/, 0, '0123456789abcdef0123456789abcdef\n'],
    [/findmnt/, 0, '/\n/boot/efi\n/sys\n'],
    [/efibootmgr/, 0, 'BootCurrent: 0001\n'],
  ];

  test('run on the machine; those that need hardware are not applicable', async () => {
    const list = await loadChecks(null);
    const checks = { list, subject, values: { 'image.kernel': '5.15.0-dgx' } };
    const {
      acceptance,
      ok,
      phases,
      folder: kept,
    } = await rehearse(request({ checks }), booting({ answers }).run);
    const of = (status: string) =>
      acceptance?.findings.filter((one) => one.status === status).map(({ id }) => id);
    expect(of('fail')).toEqual([]);
    expect(ok).toBe(true);
    expect(of('not-applicable')).toEqual(['gpus', 'dcgm-level-1']);
    expect(of('pass')).toContain('kernel-of-the-image');
    expect(phases.at(-1)?.phase).toBe('checks');
    expect(existsSync(join(kept, 'rehearsal.json'))).toBe(true);
  });

  test('one that fails rejects the image, with its reason and remedy', async () => {
    const list = await loadChecks(null);
    const checks = { list, subject, values: { 'image.kernel': '5.15.0-other' } };
    const { acceptance, failure, ok } = await rehearse(request({ checks }), booting({ answers }).run);
    expect([ok, acceptance?.passed]).toEqual([false, false]);
    expect(failure).toMatchObject({
      phase: 'checks',
      said: expect.stringContaining('kernel-of-the-image'),
      remedy: expect.stringContaining('curtin-hooks'),
    });
  });

  test('of a later rehearsal run on the deployed disks, whose machine knows the same server', async () => {
    const first = await rehearse(request(), booting({}).run);
    expect(first.deployedBefore).toBeNull();
    const list = await loadChecks(null);
    const checks = { list, subject, values: { 'image.kernel': '5.15.0-dgx' } };
    const { run, seen } = booting({ answers });
    const again = await rehearse(request({ checks }), run);
    expect(again).toMatchObject({ ok: true, deployedBefore: { at: expect.stringMatching(/^20/) } });
    expect(seen.machines).toEqual(['disk']);
    expect(again.phases[0]!.phase).toBe('boot');
  });
});

describe('deployed disks are not booted again', () => {
  const twice = async (change: (kept: string) => void, more: Partial<RehearseRequest> = {}) => {
    const { folder: kept } = await rehearse(request(), booting({}).run);
    change(kept);
    const { run, seen } = booting({});
    const { deployedBefore } = await rehearse(request(more), run);
    expect(deployedBefore).toBeNull();
    expect(seen.machines).toEqual(['ephemeral', 'disk']);
  };

  test('when they are no longer as curtin left them', () =>
    twice((kept) => writeFileSync(join(kept, 'vda.qcow2'), 'other')));
  test('when their record is damaged', () =>
    twice((kept) => writeFileSync(join(kept, 'deployed.json'), '{"format":1')));
  test('for another layout', () => twice(() => {}, { layout: 'lvm' }));
  test('for other kernel options', () => twice(() => {}, { kernelOptions: 'iommu=pt' }));
  test('for another ephemeral', () => twice(() => writeFileSync(join(folder, 'squashfs'), 'other')));
  test('when it is asked for', () => twice(() => {}, { again: true }));
});
