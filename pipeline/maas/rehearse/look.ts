import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Remote } from '../../host/ssh/remote.ts';
import { type Finding, type Verdict, verdictOf } from '../../image/checks/judge.ts';
import { applicable, gpusOf } from '../acceptance/applicable.ts';
import { collectLogs } from '../acceptance/collect.ts';
import { ANSWERS, DEPLOYS } from '../acceptance/first-checks.ts';
import { finding, inspect } from '../acceptance/inspect.ts';
import type { Values } from '../acceptance/placeholders.ts';
import { BootFailed, type Booting } from './boot.ts';
import { NOT_RUN } from './cloud-init-console.ts';
import { enter } from './enter.ts';
import type { MachineRequest } from './machine.ts';
import type { Progress } from './phases.ts';
import type { RehearsalChecks, RehearseRequest } from './types.ts';

/** Seconds; under emulation everything is several times slower, on a busy host more. */
const LIMITS = {
  kvm: { boot: 900, firstBoot: 1800, ssh: 120 },
  tcg: { boot: 2400, firstBoot: 3600, ssh: 600 },
};
const REBOOT_POLL_MS = 3000;
/** Seconds in which cloud-init, which comes first, could still show itself. */
const ABSENT_FOR_S = 30;

export interface LookOptions {
  machine: MachineRequest;
  request: Pick<
    RehearseRequest,
    'checks' | 'shell' | 'user' | 'baseImage' | 'reboots' | 'secureBoot' | 'emit'
  >;
  progress: Progress;
  /** The first boot was cut: cloud-init may have what MAAS gave it, and then does not ask again. */
  afterPowerCut: boolean;
  /** Of the layout. */
  mounts: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Milliseconds between two tries; for tests. */
  pollMs?: number | undefined;
}

/**
 * Follows the first boot of the installed system until cloud-init has ended, and runs the acceptance checks on it by ssh.
 * @returns their verdict; null where there are none
 * @throws BootFailed for what the image has done wrong
 */
export async function lookAt(booting: Booting, options: LookOptions): Promise<Verdict | null> {
  const { machine, request, progress } = options;
  const { checks } = request;
  const limits = LIMITS[machine.accelerator];
  if (options.afterPowerCut) await cloudInitEnds(booting, progress, limits.boot + limits.firstBoot);
  else {
    await asksForUserData(booting, options);
    await cloudInitEnds(booting, progress, limits.firstBoot);
  }
  progress.enter('ssh');
  const remote = await enter(booting, { ...options, timeoutS: limits.ssh });
  await expectCloudInit(remote, booting.signal);
  if (request.secureBoot) await expectSecureBoot(remote, booting.signal);
  if (checks) progress.enter('checks');
  const verdict = checks && (await accepted(remote, checks, options, booting.signal));
  if (request.reboots) await reboot(remote, request.reboots, booting, options);
  const { sshPort } = await booting.running();
  const { keyFile, user, host } = remote.target;
  if (request.shell && keyFile !== null)
    await request.shell({ host, port: sshPort, user, keyFile }, booting.broken);
  return verdict;
}

/** Waits for MAAS' Deployed. @throws BootFailed */
export async function asksForUserData(
  booting: Booting,
  { machine, progress }: Pick<LookOptions, 'machine' | 'progress'>,
): Promise<void> {
  const { boot } = LIMITS[machine.accelerator];
  await booting.until(
    () => progress.phase !== 'boot' || progress.cloudInitEnded || booting.cloudInit.absentFor(ABSENT_FOR_S),
    boot,
    () => ({
      said: `the installed system has not asked for its user data within ${boot} s`,
      cause: null,
      remedy: 'boot.log says how far it came.',
    }),
  );
  if (progress.phase === 'boot' && !progress.cloudInitEnded) throw new BootFailed(NOT_RUN);
  if (progress.phase === 'boot')
    throw new BootFailed({
      said: 'cloud-init has ended and has not asked for its user data',
      cause: 'cloud-init did not use MAAS as its data source',
      remedy:
        'Check that no file in /etc/cloud/cloud.cfg.d of the image sets a datasource_list without MAAS (check `cloud-init-enabled` of validate).',
    });
}

/** Waits until the first boot is under way for some seconds, or has just ended; then the caller ends the machine. @throws BootFailed */
export async function untilPowerCut(
  booting: Booting,
  seconds: number,
  options: Pick<LookOptions, 'machine' | 'progress'>,
): Promise<void> {
  await asksForUserData(booting, options);
  await sleep(seconds * 1000, undefined, { signal: booting.signal });
}

function cloudInitEnds(booting: Booting, progress: Progress, seconds: number): Promise<void> {
  return booting.until(
    () => progress.cloudInitEnded,
    seconds,
    () => ({
      said: `cloud-init has not reported its end within ${seconds} s`,
      cause: null,
      remedy: 'boot.log says which module it runs; a unit that waits for something holds it up.',
    }),
  );
}

const BOOT_ID = ['cat', '/proc/sys/kernel/random/boot_id'];

/** Boots the machine again from within, so many times; each time it must answer. @throws BootFailed */
async function reboot(remote: Remote, times: number, booting: Booting, options: LookOptions): Promise<void> {
  const { machine, progress } = options;
  const { signal } = booting;
  const { boot } = LIMITS[machine.accelerator];
  const bootId = async () => (await remote.run(BOOT_ID, { timeoutMs: 60_000, signal })).stdout.trim();
  for (let done = 0; done < times; done++) {
    if (done === 0) progress.enter('reboots');
    const before = await bootId();
    await remote.run(['systemctl', 'reboot'], { root: true, timeoutMs: 60_000, signal });
    const started = performance.now();
    let now = before;
    while (now === before || now === '') {
      if (performance.now() - started > boot * 1000)
        throw new BootFailed({
          said: `the machine does not answer ssh within ${boot} s after reboot ${done + 1} of ${times}`,
          cause: 'The image comes up once and not again',
          remedy:
            'boot.log says how far it came; a first-boot step may have changed GRUB, the network or /etc/fstab.',
        });
      await sleep(options.pollMs ?? REBOOT_POLL_MS, undefined, { signal });
      now = await bootId();
    }
  }
}

/** Runs the checks that are for this image, but those that look for hardware which a virtual machine does not have. */
async function accepted(
  remote: Remote,
  { list, subject, values: known = {} }: RehearsalChecks,
  { machine, request, mounts, env, pollMs }: LookOptions,
  signal: AbortSignal,
): Promise<Verdict> {
  const { checks, logs } = applicable(list, subject);
  const values: Values = {
    'image.name': null,
    'image.resource': null,
    'image.version': null,
    'image.kernel': null,
    ...known,
    'image.release': subject.release,
    'image.platform': subject.platform,
    'machine.hostname': machine.identity.hostname,
    'machine.mounts': mounts.join('\n'),
    'platform.gpus': gpusOf(list, subject)?.toString() ?? null,
  };
  const deployment = `rehearsal ${randomUUID()}`;
  const found: Finding[] = [
    finding(DEPLOYS, 1, { status: 'pass', found: 'curtin ended with SUCCESS' }),
    finding(ANSWERS, 2, { status: 'pass', found: `as ${remote.target.user}` }),
  ];
  const possible = checks.filter(({ hardware }) => !hardware);
  found.push(
    ...(await inspect(remote, possible, found.length + 1, {
      ...{ values, emit: request.emit, signal, env },
      ...(pollMs === undefined ? {} : { pollMs }),
      origin: { machine: deployment, deployment },
      sshTimeoutS: LIMITS[machine.accelerator].ssh,
    })),
  );
  for (const check of checks.filter(({ hardware }) => hardware))
    found.push(finding(check, found.length + 1, { status: 'not-applicable', found: NO_HARDWARE }));
  await collectLogs(remote, logs, values, machine.folder, signal);
  return verdictOf(found, subject.profile, request.baseImage);
}

const NO_HARDWARE = 'it needs the hardware of the platform, which a virtual machine does not have';

const RESULT = '/run/cloud-init/result.json';

/** Reads how cloud-init has ended. @throws BootFailed when not by MAAS' data, or with errors */
async function expectCloudInit(remote: Remote, signal: AbortSignal): Promise<void> {
  const { stdout } = await remote.run(['cat', RESULT], { timeoutMs: 60_000, signal });
  const { datasource, errors } = resultOf(stdout);
  if (datasource !== null && !datasource.includes('MAAS'))
    throw new BootFailed({
      said: `cloud-init has used ${datasource}`,
      cause: 'cloud-init did not use MAAS as its data source',
      remedy: 'Check datasource_list in /etc/cloud of the image (check `cloud-init-enabled` of validate).',
    });
  if (errors.length === 0 && datasource !== null) return;
  const log = await remote.run('tail -n 20 /var/log/cloud-init-output.log', {
    ...{ timeoutMs: 60_000, signal, root: true },
  });
  throw new BootFailed(
    {
      said:
        datasource === null
          ? `cloud-init has left no result in ${RESULT}`
          : `cloud-init has ended with errors: ${errors.join('; ')}`,
      cause: null,
      remedy: 'Correct the configuration of the module that the error names, in /etc/cloud of the image.',
    },
    { name: 'cloud-init-output.log', lines: log.stdout.split('\n') },
  );
}

/** Its first four bytes are attributes, the fifth is 1 where signatures are enforced (UEFI 2.10, 3.3). */
const SECURE_BOOT = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';

/** Reads whether signatures were enforced at this boot. @throws BootFailed when not */
async function expectSecureBoot(remote: Remote, signal: AbortSignal): Promise<void> {
  const read = ['od', '-An', '-tu1', '-j4', '-N1', SECURE_BOOT];
  const { stdout } = await remote.run(read, { timeoutMs: 60_000, signal });
  if (stdout.trim() === '1') return;
  throw new BootFailed({
    said: `the booted system reports that Secure Boot is not in force (${SECURE_BOOT})`,
    cause: 'The system was started past the signatures, or its kernel has no EFI variables',
    remedy: 'Check that the kernel of the image has CONFIG_EFIVAR_FS and is started by shim.',
  });
}

function resultOf(text: string): { datasource: string | null; errors: string[] } {
  try {
    const { v1 } = JSON.parse(text) as { v1?: { datasource?: unknown; errors?: unknown } };
    const errors = Array.isArray(v1?.errors) ? v1.errors.map(String) : [];
    return { datasource: typeof v1?.datasource === 'string' ? v1.datasource : null, errors };
  } catch {
    return { datasource: null, errors: [] };
  }
}
