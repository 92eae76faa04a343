import { plain } from '../../core/escape/terminal.ts';
import type { Monitor, MonitorEvent } from './monitor.ts';

/** Characters of what QEMU says. */
const LONGEST = 200;

/** Why QEMU has stopped a machine, which then waits for ever. */
export interface Stop {
  /** The id of a drive whose file cannot be used; null: it is none. */
  disk: string | null;
  /** Null: QEMU was not asked in time. */
  operation: 'read' | 'write' | null;
  /** In QEMU's words, in one line: the system's ("Disk quota exceeded"), or the state of the machine ("internal-error"). */
  reason: string;
}

/** States of a machine that nobody has asked for (QEMU 7.2, RunState). */
const STOPPED = ['io-error', 'internal-error', 'paused'];

/** The stop that an event reports; undefined: the machine runs on, or the event does not say why it stops. */
export function stopIn({ name, data }: MonitorEvent): Stop | undefined {
  // QEMU sends it before STOP; with another action the guest sees the error (7.2 was asked).
  if (name !== 'BLOCK_IO_ERROR' || data.action !== 'stop') return undefined;
  const { device, operation, reason } = data;
  return {
    disk: text(device) || null,
    operation: operation === 'read' || operation === 'write' ? operation : null,
    reason: text(reason) || 'an I/O error',
  };
}

/** Why the machine is stopped now; null: it is not. @throws errors of QEMU */
export async function stopNow(monitor: Monitor): Promise<Stop | null> {
  const { status } = ((await monitor.execute('query-status')) ?? {}) as { status?: unknown };
  if (typeof status !== 'string' || !STOPPED.includes(status)) return null;
  const found = status === 'io-error' ? await monitor.execute('query-block') : [];
  const drives = Array.isArray(found)
    ? (found as ({ 'io-status'?: unknown; device?: unknown } | null)[])
    : [];
  const drive = drives.find((one) => one?.['io-status'] === 'nospace' || one?.['io-status'] === 'failed');
  const reason = drive?.['io-status'] === 'nospace' ? 'No space left on device' : status;
  return { disk: text(drive?.device) || null, operation: null, reason };
}

const text = (value: unknown) => (typeof value === 'string' ? plain(value.slice(0, LONGEST)) : '');

/**
 * Reports the stop of a machine, once: that of an event, or one that comes without its reason, or that was before the monitor was asked.
 * @returns `see` takes the events of the monitor; `ask` looks at the machine as it is now
 */
export function watchStops(onStop: (stop: Stop) => void) {
  let monitor: Monitor | undefined;
  let isOver = false;
  let isAsking = false;
  const report = (stop: Stop | null | undefined) => {
    if (!stop || isOver) return;
    isOver = true;
    onStop(stop);
  };
  const look = async () => {
    if (!monitor || isOver || isAsking) return;
    isAsking = true;
    try {
      report(await stopNow(monitor));
    } finally {
      isAsking = false;
    }
  };
  return {
    see(event: MonitorEvent): void {
      report(stopIn(event));
      // The exit code says so if QEMU has ended meanwhile.
      if (event.name === 'STOP') look().catch(() => {});
    },
    /** @throws errors of QEMU */
    ask(of: Monitor): Promise<void> {
      monitor = of;
      return look();
    },
  };
}
