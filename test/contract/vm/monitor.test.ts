import { mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  connectMonitor,
  forwardedPort,
  type Monitor,
  type MonitorEvent,
} from '../../../pipeline/host/vm/monitor.ts';

let folder: string;
let server: Server;
let monitor: Monitor | undefined;
let abort: AbortController;

beforeEach(() => {
  // A socket's path has at most 107 bytes; folders of a cache are longer.
  folder = join(mkdtempSync(join(tmpdir(), 'monitor-')), 'a'.repeat(120));
  mkdirSync(folder);
  abort = new AbortController();
  monitor = undefined;
});
afterEach(() => {
  monitor?.close();
  server.close();
});

/** A stand-in of QEMU's monitor. @param answer to a command; undefined: none */
function qemu(answer: (command: string, args: Record<string, string>, socket: Socket) => string | undefined) {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    socket.setEncoding('utf8').on('data', (text) => {
      for (const line of String(text).trim().split('\n')) {
        const { execute, arguments: args } = JSON.parse(line);
        const said = execute === 'qmp_capabilities' ? '{"return": {}}' : answer(execute, args, socket);
        if (said !== undefined) socket.write(`${said}\r\n`);
      }
    });
  });
  const directory = openSync(folder, 'r');
  server.listen(`/proc/self/fd/${directory}/monitor`);
}
const connected = async (onEvent?: (event: MonitorEvent) => void) => {
  monitor = await connectMonitor(folder, 'monitor', abort.signal, onEvent);
  return monitor;
};

test('commands are answered in their order, events in between or not', async () => {
  qemu((command) => `{"timestamp": {}, "event": "RESET"}\r\n{"return": "${command}"}`);
  const { execute } = await connected();
  expect(await Promise.all([execute('a'), execute('b'), execute('c')])).toEqual(['a', 'b', 'c']);
});

test('events are given on as they come, and not taken for answers', async () => {
  const stop = '{"event": "STOP", "timestamp": {}}\r\n';
  const error = '{"event": "BLOCK_IO_ERROR", "data": {"device": "vda", "reason": "a \\"return\\": 1"}}\r\n';
  qemu((_command, _args, socket) => {
    socket.write(stop + error.slice(0, 30));
    setTimeout(() => socket.write(`${error.slice(30)}{"return": 3}\r\n${stop}`), 50);
    return undefined;
  });
  const seen: MonitorEvent[] = [];
  const { execute } = await connected((event) => void seen.push(event));
  expect(await execute('x')).toBe(3);
  const block = { name: 'BLOCK_IO_ERROR', data: { device: 'vda', reason: 'a "return": 1' } };
  expect(seen).toEqual([{ name: 'STOP', data: {} }, block, { name: 'STOP', data: {} }]);
});

test('a monitor that is not there yet is waited for', async () => {
  const waiting = connected();
  setTimeout(() => qemu(() => '{"return": 1}'), 300);
  expect(await (await waiting).execute('x')).toBe(1);
});

test('waiting ends with its signal', async () => {
  qemu(() => undefined);
  server.close();
  setTimeout(() => abort.abort(new Error('enough')), 200);
  await expect(connectMonitor(folder, 'absent', abort.signal)).rejects.toThrow();
});

describe('trouble', () => {
  test.each<[string, Parameters<typeof qemu>[0], string]>([
    [
      'an error of a command',
      () => '{"error": {"class": "GenericError", "desc": "no such device"}}',
      'no such device',
    ],
    ['the end of QEMU', (_command, _args, socket) => void socket.destroy(), 'QEMU has ended'],
    ['a line that never ends', () => 'x'.repeat(2 << 20), 'does not end its line'],
  ])('%s is an error', async (_, answer, message) => {
    qemu(answer);
    await expect((await connected()).execute('x')).rejects.toThrow(message);
  });

  test('lines that are not JSON are passed over', async () => {
    qemu(() => 'null\r\n{}\r\ngarbage\r\n{"return": 2}');
    expect(await (await connected()).execute('x')).toBe(2);
  });
});

// As `info usernet` of QEMU 7.2 prints it, with a line of each kind.
const USERNET = [
  'Hub -1 (net0):',
  '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ',
  '  TCP[ESTABLISHED]   19       10.0.2.15 43210        10.0.2.2 35123     0     0',
  '  TCP[HOST_FORWARD]  12       127.0.0.1 39761       10.0.2.15    22     0     0',
  '  UDP[236 sec]       20       10.0.2.15    68        10.0.2.2    67     0     0',
].join('\\r\\n');

test('the port of this host that leads to the guest’s ssh', async () => {
  qemu((command, args) =>
    command === 'human-monitor-command' && args['command-line'] === 'info usernet'
      ? `{"return": "${USERNET}"}`
      : '{"return": ""}',
  );
  expect(await forwardedPort(await connected(), 22)).toBe(39761);
  await expect(forwardedPort(await connected(), 80)).rejects.toThrow('no port');
});
