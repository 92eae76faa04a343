import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/types.ts';
import { deferred } from '../core/deferred.ts';
import type { Emit, Event } from '../core/events/event.ts';
import { makeFolders } from '../host/files/folders.ts';
import { type Forward, forwardFrom } from '../host/ssh/forward.ts';
import { offeredEphemeral } from '../maas/rehearse/ephemeral-source.ts';
import { type RunMachine, runMachine } from '../maas/rehearse/machine.ts';
import { rehearse } from '../maas/rehearse/rehearse.ts';
import { type Failure, PHASES, type Phase } from '../maas/rehearse/types.ts';
import type { InstallPart, SandboxGuests, SandboxImage, SandboxMachine } from './sandbox-package.ts';

export interface QemuGuestsOptions {
  config: Config;
  /** Of the machines' disks; a folder of it for each. */
  dir: string;
  /** The ssh port of each machine, at its own address. */
  port: number;
  emit: Emit;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** MAAS' events by the phase that begins. */
const PARTS: Partial<Record<Phase, InstallPart>> = {
  ephemeral: 'LOADING_EPHEMERAL',
  partitioning: 'CONFIGURING_STORAGE',
  extract: 'INSTALLING_OS',
  curthooks: 'CONFIGURING_OS',
};
const TARS = ['root-tgz', 'root-tbz', 'root-txz', 'tgz', 'tbz', 'txz'];
const isAfter = (phase: Phase, other: Phase) => PHASES.indexOf(phase) >= PHASES.indexOf(other);

type InstallResult = Awaited<ReturnType<SandboxGuests['install']>>;

/** A machine that is being deployed, or runs. */
interface Guest {
  deployment: number;
  /** Settled when curtin has ended. */
  installed: Promise<InstallResult>;
  /** Settled when the installed system has asked for its user data. */
  booted: Promise<void>;
  /** Settled when nothing of it runs. */
  over: Promise<void>;
  abort(): void;
}

/** Machines of a sandbox on which real curtin installs, in QEMU, and which then boot what it has left. */
export function qemuGuests(options: QemuGuestsOptions, run: RunMachine = runMachine): SandboxGuests {
  const guests = new Map<string, Guest>();
  const ending = new Map<string, Promise<void>>();
  const folderOf = (systemId: string) => join(options.dir, systemId);

  async function stop(systemId: string): Promise<void> {
    const guest = guests.get(systemId);
    guests.delete(systemId);
    guest?.abort();
    // Its address and disks are free when it has ended, also for whoever asks in the meantime.
    if (guest) ending.set(systemId, guest.over);
    await ending.get(systemId);
  }

  async function wipe(systemId: string): Promise<void> {
    await stop(systemId);
    await rm(folderOf(systemId), { recursive: true, force: true });
  }

  async function launch(
    machine: SandboxMachine,
    image: SandboxImage,
    begins: ((part: InstallPart) => void) | null,
  ): Promise<Guest> {
    await (begins ? wipe(machine.systemId) : stop(machine.systemId));
    await makeFolders(options.dir, 0o700);
    const guest = await started(machine, image, begins, {
      ...options,
      folder: folderOf(machine.systemId),
      run,
    });
    guests.set(machine.systemId, guest);
    return guest;
  }

  return {
    stop,
    wipe,
    async install(machine, image, begins) {
      return (await launch(machine, image, begins)).installed;
    },
    async start(machine, image) {
      const known = guests.get(machine.systemId);
      const guest = known?.deployment === machine.deployment ? known : await launch(machine, image, null);
      await guest.booted;
      return { address: machine.address, port: options.port };
    },
  };
}

async function started(
  machine: SandboxMachine,
  image: SandboxImage,
  begins: ((part: InstallPart) => void) | null,
  options: QemuGuestsOptions & { folder: string; run: RunMachine },
): Promise<Guest> {
  const { config, env, folder, port } = options;
  const { blobPath, filetype, resource, baseImage } = image;
  if (!/^[\x20-\x7e]*$/.test(machine.kernelOptions) || machine.kernelOptions.includes('"'))
    throw new Error(
      'kernel options with quotation marks or other letters than ASCII cannot be given to QEMU',
    );
  if (blobPath === null || !TARS.includes(filetype ?? ''))
    throw new Error(`${resource} is not a tar that this sandbox has; curtin cannot install it`);
  const abort = new AbortController();
  const signal = AbortSignal.any([options.signal, abort.signal]);
  const installed = deferred<InstallResult>();
  const booted = deferred<void>();
  // Nobody may be waiting when they fail.
  installed.promise.catch(() => {});
  booted.promise.catch(() => {});
  const forward = await forwardFrom(machine.address, port);
  const base = baseImage || 'ubuntu/focal';
  let last: Phase | null = null;
  const entered = (phase: Phase) => {
    if (phase === last) return;
    last = phase;
    const part = PARTS[phase];
    if (part) begins?.(part);
    if (isAfter(phase, 'boot')) installed.resolve(null);
    if (isAfter(phase, 'first-boot')) booted.resolve();
  };
  const failed = ({ phase, said, error, log }: Failure) => {
    warn(options.emit, machine.hostname, `${phase}: ${error ?? said}`);
    if (isAfter(phase, 'boot')) return booted.reject(new Error(said));
    installed.resolve({ event: said, log: log.lines.join('\n') });
    booted.reject(new Error(said));
  };
  const live = async (): Promise<void> => {
    const { ephemeral, curtin, memoryMiB, accelerator } = config.rehearsal;
    const rehearsals = rehearse(
      {
        ...{ artifact: blobPath, baseImage: base, layout: 'flat', until: 'accepted', checks: null },
        ...{ curtinConfig: null, disks: 1, diskBytes: null, memory: memoryMiB, accelerator, curtin },
        ephemeral:
          ephemeral && (await offeredEphemeral(ephemeral, base, { config, env, emit: options.emit, signal })),
        kernelOptions: machine.kernelOptions,
        again: begins !== null,
        keep: false,
        shell: (at, broken) => answering(forward, at.port, AbortSignal.any([signal, broken])),
        ...{ cache: config.cache, emit: named(machine.hostname, options.emit), signal, env },
        node: {
          folder,
          hostname: machine.hostname,
          sshKeys: machine.sshKeys,
          userData: machine.userData,
          entered,
        },
      },
      options.run,
    );
    for await (const result of rehearsals) if (result.failure) failed(result.failure);
  };
  const over = live()
    .catch((error: Error) => {
      installed.reject(error);
      booted.reject(error);
      if (!signal.aborted) warn(options.emit, machine.hostname, error.message);
    })
    .finally(() => forward.close());
  return {
    ...{ deployment: machine.deployment, installed: installed.promise, booted: booted.promise, over },
    abort: () => abort.abort(),
  };
}

/** Lets ssh in for as long as the machine lives. */
async function answering(forward: Forward, port: number, signal: AbortSignal): Promise<void> {
  forward.to(port);
  if (!signal.aborted) await once(signal, 'abort');
}

function warn(emit: Emit, hostname: string, message: string): void {
  emit({ type: 'notice', level: 'warning', message: `${hostname}: ${message}` });
}

/** Several machines may speak at once: notices with the name, lines of logs, and no progress. */
function named(hostname: string, emit: Emit): Emit {
  return (event: Event) => {
    if (event.type === 'notice') emit({ ...event, message: `${hostname}: ${event.message}` });
    else if (event.type === 'log') emit(event);
  };
}
