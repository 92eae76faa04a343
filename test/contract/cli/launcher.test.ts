import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const CLI = join(ROOT, 'bin/dgxos-maas.js');
/** The PATH of a user: without the clone's own tools. */
const PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((dir) => !dir.endsWith('node_modules/.bin'))
  .join(delimiter);

let dir: string;
let started: ChildProcess[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'launcher-'));
  started = [];
});
afterEach(() => {
  for (const { pid } of started) for (const one of [...below(pid!), pid!]) kill(one, 'SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}

/** Whether a process runs; one that ended and was not waited for by anyone does not. */
function runs(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** The processes below one, the nearest first. */
function below(pid: number): number[] {
  const children = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'latin1'))?.[1]) === pid;
    } catch {
      return false;
    }
  });
  return children.flatMap((child) => [Number(child), ...below(Number(child))]);
}

async function gone(pids: number[]): Promise<boolean> {
  for (let i = 0; i < 400 && pids.some(runs); i++) await sleep(50);
  return !pids.some(runs);
}

/** Starts a command in a process group of its own and waits for the first thing it prints. */
async function start(command: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, PATH, HOME: dir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  started.push(child);
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  child.stdout.on('data', (part) => {
    stdout += part;
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await Promise.race([once(child.stdout, 'data'), ended]);
  const pid = child.pid!;
  return { pid, ended, below: below(pid), stdout: () => stdout, stderr: () => stderr };
}

/** Makes a new Node look like one that cannot run TypeScript. */
function old(): string[] {
  const file = join(dir, 'old.cjs');
  writeFileSync(file, "Object.defineProperty(process.features, 'typescript', { value: false });\n");
  return ['--require', file];
}
const sandbox = () => ['sandbox', '--json', '--dir', join(dir, 'maas')];

describe('a Node that cannot run the clone hands over to the one that comes with it', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s ends the real process, and its exit code comes back',
    async (signal) => {
      const running = await start(process.execPath, [...old(), CLI, ...sandbox()]);
      expect(running.below).toHaveLength(1);
      kill(running.pid, signal);
      expect(await running.ended).toEqual([0, null]);
      expect(running.below.filter(runs)).toEqual([]);
    },
  );

  it('SIGQUIT ends both, and so does SIGKILL or a signal that nobody forwards', async () => {
    for (const signal of ['SIGQUIT', 'SIGKILL', 'SIGUSR2'] as const) {
      const running = await start(process.execPath, [...old(), CLI, ...sandbox()]);
      kill(running.pid, signal);
      expect(await running.ended).toEqual([null, signal]);
      expect(await gone(running.below)).toBe(true);
    }
  });

  it('ends by the signal that ended the real process', async () => {
    const running = await start(process.execPath, [...old(), CLI, ...sandbox()]);
    kill(running.below[0]!, 'SIGKILL');
    expect(await running.ended).toEqual([null, 'SIGKILL']);
  });

  it.each([
    ["the system's Node", ['node', CLI]],
    ['npx', ['npx', 'dgxos-maas']],
    ['npm exec', ['npm', 'exec', '--', 'dgxos-maas']],
  ] as [string, [string, ...string[]]][])(
    'started by %s: no warning, and nothing left behind',
    async (_, [command, ...args]) => {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const running = await start(command, [...args, ...sandbox()]);
        expect(JSON.parse(running.stdout())).toHaveProperty('url');
        expect(running.stderr()).not.toMatch(/EBADENGINE|Warning/);
        kill(running.pid, signal);
        await running.ended;
        expect(await gone(running.below)).toBe(true);
      }
    },
  );

  it('exit codes and output pass through', async () => {
    const usage = await start(process.execPath, [...old(), CLI, 'no-such-command']);
    expect(await usage.ended).toEqual([2, null]);
    const help = await start(process.execPath, [...old(), CLI, '--help']);
    expect(await help.ended).toEqual([0, null]);
    expect(help.stdout()).toMatch(/^Usage: dgxos-maas /);
  });
});

describe('signals reach the real process once each', () => {
  /** A program behind the launcher that prints each signal. */
  async function program() {
    mkdirSync(join(dir, 'node_modules/node/bin'), { recursive: true });
    symlinkSync(process.execPath, join(dir, 'node_modules/node/bin/node'));
    copyFileSync(join(ROOT, 'bin/launcher.js'), join(dir, 'launcher.js'));
    writeFileSync(
      join(dir, 'program.js'),
      `const { handOver, obeyLauncher, LAUNCHED } = require('./launcher.js');
if (process.env[LAUNCHED] === undefined) return handOver();
obeyLauncher();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => console.log(signal));
process.on('SIGHUP', () => { console.log('end'); process.exitCode = 43; clearInterval(stay); });
const stay = setInterval(() => {}, 1000);
// the first words: from here on a signal finds its handler
console.log('environment', process.env[LAUNCHED], process.env.NODE_CHANNEL_FD);`,
    );
    return start(process.execPath, [join(dir, 'program.js')]);
  }
  const said = (text: string) => text.trim().split('\n').slice(1);

  it('sent to the launcher alone, each time', async () => {
    const running = await program();
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT'] as const) {
      const before = running.stdout().length;
      kill(running.pid, signal);
      for (let i = 0; i < 200 && running.stdout().length === before; i++) await sleep(20);
    }
    kill(running.pid, 'SIGHUP');
    expect(await running.ended).toEqual([43, null]);
    expect(said(running.stdout())).toEqual(['SIGTERM', 'SIGTERM', 'SIGINT', 'end']);
  });

  it('sent to the whole group, as a terminal does', async () => {
    const running = await program();
    process.kill(-running.pid, 'SIGINT');
    await sleep(500);
    process.kill(-running.pid, 'SIGHUP');
    expect(await running.ended).toEqual([43, null]);
    expect(said(running.stdout())).toEqual(['SIGINT', 'end']);
  });

  it('a started program inherits nothing of the launcher', async () => {
    const running = await program();
    expect(running.stdout()).toBe('environment undefined undefined\n');
    kill(running.pid, 'SIGHUP');
    await running.ended;
  });
});

it('a Node that is too old, and nothing to hand over to: what is needed, in one line', async () => {
  mkdirSync(join(dir, 'pipeline/cli'), { recursive: true });
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'pipeline/cli/main.ts'), '');
  for (const name of ['dgxos-maas.js', 'launcher.js', 'package.json'])
    copyFileSync(join(ROOT, 'bin', name), join(dir, 'bin', name));
  const running = await start(process.execPath, [...old(), join(dir, 'bin/dgxos-maas.js'), 'doctor']);
  expect(await running.ended).toEqual([4, null]);
  expect(running.stderr()).toMatch(
    /^error: dgxos-maas needs Node\.js 22\.18 or newer, this is .*\[NODE_TOO_OLD\]\n {2}hint: .*\n$/,
  );
});
