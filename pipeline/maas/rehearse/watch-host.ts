import { stat, statfs } from 'node:fs/promises';
import { Fault } from '../../core/faults/fault.ts';
import { duration } from '../../core/text/human.ts';
import type { Ephemeral } from './ephemeral.ts';
import { ephemeralUnusable } from './ephemeral-trouble.ts';
import type { Progress } from './phases.ts';

/** Seconds; under emulation everything is several times slower, on a busy host more. */
const LIMITS = {
  kvm: { start: 300, whole: 3600 },
  tcg: { start: 1800, whole: 10_800 },
};
/** Bytes that must stay free: QEMU stops a machine whose disk cannot grow. */
const LEAST_SPACE = 256 << 20;
/** Bytes of a console. */
const LARGEST_CONSOLE = 256 << 20;
const EVERY_MS = 2000;

export interface Watched {
  folder: string;
  console: string;
  progress: Progress;
  accelerator: 'kvm' | 'tcg';
  ephemeral: Ephemeral | null;
  tail: readonly string[];
}

/** Ends a rehearsal that cannot come to an end: by time, by a full disk, by a console that never stops. */
export function watchHost(watched: Watched, end: (fault: Fault) => void): { close(): void } {
  const started = performance.now();
  const look = async () => {
    const seconds = (performance.now() - started) / 1000;
    const fault = (await problem(watched, seconds)) ?? undefined;
    if (fault) end(fault);
  };
  const timer = setInterval(() => void look().catch(() => {}), EVERY_MS);
  return { close: () => clearInterval(timer) };
}

async function problem(
  { folder, console, progress, accelerator, ephemeral, tail }: Watched,
  seconds: number,
): Promise<Fault | null> {
  const limits = LIMITS[accelerator];
  const detail = tail.slice(-12).join('\n');
  if (progress.phase === 'power-on' && seconds > limits.start)
    return ephemeralUnusable(
      `The ephemeral system has not asked for its preseed in ${duration(limits.start)}`,
      { ephemeral, tail },
    );
  if (seconds > limits.whole)
    return new Fault(
      'REHEARSAL_TIMEOUT',
      `The rehearsal has not ended in ${duration(limits.whole)}; it is in phase ${progress.phase}`,
      {
        detail,
        hint: 'A host with KVM is several times faster; else run it again when the host has less to do.',
      },
    );
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < LEAST_SPACE)
    return new Fault('REHEARSAL_STOPPED', `The disk of ${folder} is full`, {
      hint: 'Free some space and run it again.',
    });
  const size = (await stat(console).catch(() => undefined))?.size ?? 0;
  if (size > LARGEST_CONSOLE)
    return new Fault('REHEARSAL_STOPPED', 'The console of the machine does not stop printing', {
      detail,
      hint: 'See console.log.',
    });
  return null;
}
