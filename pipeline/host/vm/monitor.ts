import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Characters of an answer; a longer one ends the connection. */
const LONGEST = 1 << 20;
/** Milliseconds that QEMU may take for an answer: it is busy while it emulates. */
const WITHIN_MS = 60_000;
const POLL_MS = 100;

/** QEMU's monitor (QMP): one command at a time. */
export interface Monitor {
  /** @throws Error with QEMU's words, or when it has ended */
  execute(command: string, args?: Record<string, unknown>): Promise<unknown>;
  close(): void;
}

/** Something that QEMU reports by itself, such as BLOCK_IO_ERROR; its values are foreign text. */
export interface MonitorEvent {
  name: string;
  data: Readonly<Record<string, unknown>>;
}

/**
 * Connects to the monitor of a QEMU that was started in `folder` with `-qmp unix:NAME,server=on,wait=off`, as soon as it is there.
 * @param onEvent called with each event; those before the connection are lost
 * @throws the reason of `signal`
 */
export async function connectMonitor(
  folder: string,
  name: string,
  signal: AbortSignal,
  onEvent: (event: MonitorEvent) => void = () => {},
): Promise<Monitor> {
  // The path of a socket has at most 107 bytes: through the open folder it is short.
  const directory = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (;;) {
      signal.throwIfAborted();
      const socket = await connected(directory, name);
      if (socket) return await greeted(socket, onEvent);
      await sleep(POLL_MS, undefined, { signal });
    }
  } finally {
    await directory.close();
  }
}

function connected(directory: FileHandle, name: string): Promise<Socket | undefined> {
  return new Promise((settled) => {
    const socket = connect(`/proc/self/fd/${directory.fd}/${name}`);
    socket.once('connect', () => settled(socket)).once('error', () => settled(undefined));
  });
}

async function greeted(socket: Socket, onEvent: (event: MonitorEvent) => void): Promise<Monitor> {
  let text = '';
  let waiting: { answered(value: unknown): void; failed(error: Error): void } | undefined;
  const end = (why: string) => {
    socket.destroy();
    waiting?.failed(new Error(why));
    waiting = undefined;
  };
  socket.setEncoding('utf8');
  socket.on('error', () => end('the monitor of QEMU broke off'));
  socket.on('close', () => end('QEMU has ended'));
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > LONGEST) return end('the monitor of QEMU does not end its line');
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const said = saidIn(line);
      if (said && 'event' in said) onEvent(said.event);
      if (!said || 'event' in said || !waiting) continue;
      const { answered, failed } = waiting;
      waiting = undefined;
      if ('error' in said) failed(new Error(said.error));
      else answered(said.value);
    }
  });
  let last: Promise<unknown> = Promise.resolve();
  const execute = (command: string, args: Record<string, unknown> = {}) => {
    const answer = last.then(
      () =>
        new Promise<unknown>((answered, failed) => {
          if (socket.destroyed) return failed(new Error('QEMU has ended'));
          const timer = setTimeout(() => end('QEMU does not answer'), WITHIN_MS);
          const over = <T>(then: (value: T) => void) => {
            return (value: T) => {
              clearTimeout(timer);
              then(value);
            };
          };
          waiting = { answered: over(answered), failed: over(failed) };
          socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
        }),
    );
    last = answer.catch(() => {});
    return answer;
  };
  await execute('qmp_capabilities');
  return { execute, close: () => socket.destroy() };
}

/** The answer or the event in a line of QMP; undefined: a greeting. */
function saidIn(line: string): { value: unknown } | { error: string } | { event: MonitorEvent } | undefined {
  try {
    const said = JSON.parse(line) as Record<string, unknown> | null;
    if (said && 'return' in said) return { value: said.return };
    if (said && 'error' in said)
      return { error: String((said.error as { desc?: unknown } | null)?.desc ?? 'an error') };
    if (said && typeof said.event === 'string')
      return { event: { name: said.event, data: (said.data ?? {}) as MonitorEvent['data'] } };
  } catch {
    // not a line of QMP
  }
  return undefined;
}

/** The port of this host's loopback that leads to a port of the guest, where QEMU has chosen it (`hostfwd=tcp:127.0.0.1:0-:22`). */
export async function forwardedPort(monitor: Monitor, guestPort: number): Promise<number> {
  const said = await monitor.execute('human-monitor-command', { 'command-line': 'info usernet' });
  // TCP[HOST_FORWARD]  12  127.0.0.1 41234  10.0.2.15  22  0  0 (QEMU 7.2)
  const forms = /TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+(\d+)\s/g;
  for (const [, host, guest] of String(said).matchAll(forms))
    if (Number(guest) === guestPort) return Number(host);
  throw new Error(`QEMU forwards no port to ${guestPort}`);
}
