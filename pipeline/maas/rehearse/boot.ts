import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { rehearsalFiles } from '../../workspace/layout.ts';
import { type BootTrouble, explained, SETTLE_MS, stopsIn, userIn } from './boot-trouble.ts';
import { CloudInitConsole } from './cloud-init-console.ts';
import type { MachineRequest, RunMachine, RunningMachine } from './machine.ts';
import { stopped } from './machine-stopped.ts';
import type { Progress } from './phases.ts';
import { followScreen } from './screen.ts';
import { SshdConsole } from './sshd-trouble.ts';
import type { Failure } from './types.ts';
import { failureWith } from './verdict.ts';
import { watchHost } from './watch-host.ts';

/** The installed system cannot be used. */
export class BootFailed extends Error {
  readonly trouble: BootTrouble;
  readonly log: { name: string; lines: readonly string[] } | undefined;

  constructor(trouble: BootTrouble, log?: { name: string; lines: readonly string[] }) {
    super(trouble.said);
    this.trouble = trouble;
    this.log = log;
  }
}

export interface BootOptions {
  progress: Progress;
  run: RunMachine;
  emit: Emit;
  signal: AbortSignal;
}

/** A machine that boots, as those see it who wait for something on it. */
export interface Booting {
  /** Aborted when there is nothing more to wait for. */
  signal: AbortSignal;
  /** Aborted by a fault of the host alone, after which the machine does not go on. */
  broken: AbortSignal;
  /** @throws Fault REHEARSAL_STOPPED when QEMU does not report it as running */
  running(): Promise<RunningMachine>;
  sshd: SshdConsole;
  cloudInit: CloudInitConsole;
  /** Whom cloud-init has let in, as soon as it has said so. */
  user(): string | undefined;
  /**
   * Waits until something holds.
   * @throws BootFailed after `seconds`
   */
  until(holds: () => boolean, seconds: number, late: () => BootTrouble): Promise<void>;
}

export interface Booted {
  failure: Failure | null;
  screenshot: string | null;
}

const POLL_MS = 200;
/** Seconds from the start of QEMU until its monitor answers. */
const RUNNING_WITHIN_S = 120;

/**
 * Boots what is installed on the machine's disks and lets `use` look at it; whatever comes of that, the machine ends.
 * @param use what is looked at, which throws BootFailed for what the image has done wrong
 * @throws Fault of the host, INTERRUPTED
 */
export async function bootInstalled(
  machine: MachineRequest,
  use: (booting: Booting) => Promise<void>,
  { progress, run, emit, signal }: BootOptions,
): Promise<Booted> {
  const files = rehearsalFiles(machine.folder);
  /** The host's fault, the machine's end, or the console's last word. */
  const over = new AbortController();
  const broken = new AbortController();
  const off = new AbortController();
  let trouble: BootTrouble | undefined;
  let user: string | undefined;
  const sshd = new SshdConsole();
  const cloudInit = new CloudInitConsole();
  const screen = followScreen({ from: files.rawBootConsole, to: files.bootConsole }, emit, (line) => {
    user ??= userIn(line);
    sshd.see(line);
    cloudInit.see(line);
    if (trouble) return;
    trouble = stopsIn(line);
    if (trouble) setTimeout(() => over.abort(), SETTLE_MS).unref();
  });
  const watched = { ...machine, console: files.rawBootConsole, progress, tail: screen.tail };
  const breaks = (fault: Fault) => {
    broken.abort(fault);
    over.abort(fault);
  };
  const host = watchHost(watched, (fault) => {
    // The time is that of the rehearsal: a machine that somebody uses afterwards has its own.
    if (fault.code === 'REHEARSAL_TIMEOUT') over.abort(fault);
    else breaks(fault);
  });
  let running: RunningMachine | undefined;
  const ended = run(machine, {
    emit,
    signal: AbortSignal.any([signal, off.signal]),
    onRunning: (up) => {
      running = up;
    },
    onStopped: breaks,
  }).then(
    ({ failed }) => (failed === null ? over.abort() : breaks(stopped(failed))),
    (error: unknown) => over.abort(error),
  );
  const looking = AbortSignal.any([signal, over.signal]);
  const isTrueWithin = async (holds: () => boolean, seconds: number): Promise<boolean> => {
    const started = performance.now();
    while (!holds()) {
      looking.throwIfAborted();
      if (performance.now() - started > seconds * 1000) return false;
      await sleep(POLL_MS, undefined, { signal: looking });
    }
    return true;
  };
  const booting: Booting = {
    signal: looking,
    broken: broken.signal,
    user: () => user,
    sshd,
    cloudInit,
    async running() {
      await isTrueWithin(() => running !== undefined, RUNNING_WITHIN_S);
      if (running) return running;
      throw stopped('its monitor does not answer');
    },
    async until(holds, seconds, late) {
      if (!(await isTrueWithin(holds, seconds))) throw new BootFailed(late());
    },
  };
  let failed: BootFailed | undefined;
  let screenshot: string | null = null;
  try {
    const error = await use(booting).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (signal.aborted && error !== null) throw interrupted(signal);
    screenshot = await picture(running, files.screenshot);
    // ssh sees the end of QEMU before its exit code is known.
    if (running && screenshot === null) await Promise.race([ended, sleep(SETTLE_MS)]);
    if (broken.signal.aborted) throw broken.signal.reason;
    if (error !== null) {
      if (over.signal.reason instanceof Fault) throw over.signal.reason;
      if (over.signal.aborted)
        failed = new BootFailed(trouble ? explained(trouble, screen.tail) : TURNED_OFF);
      else if (error instanceof BootFailed) failed = error;
      else throw error;
    }
  } finally {
    host.close();
    off.abort();
    await ended;
    await screen.close();
  }
  const failure = failed
    ? failureWith(
        progress.phase,
        failed.trouble,
        failed.log ?? { name: basename(files.bootConsole), lines: screen.tail },
      )
    : null;
  return { failure, screenshot };
}

const TURNED_OFF: BootTrouble = {
  said: 'the machine turned itself off',
  cause: null,
  remedy: null,
};

/** @returns the name of the file; null where there is no screen any more */
async function picture(running: RunningMachine | undefined, path: string): Promise<string | null> {
  try {
    if (!running) return null;
    await running.picture(path);
    return basename(path);
  } catch {
    return null;
  }
}
