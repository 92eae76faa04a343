import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { Host } from '../cli/host.ts';

// Runs a command at a terminal of its own and types when it asks; says what the terminal showed. `TERM` stands for the signal.
const AT_A_TERMINAL = `
import os, pty, signal, sys
typed, argv = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(argv[0], argv)
shown, asked = b'', False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    if not asked and b'API key: ' in shown:
        asked = True
        os.kill(pid, signal.SIGTERM) if typed == 'TERM' else os.write(terminal, typed.encode())
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

import { CLI } from '../../cli.ts';

let host: Host;
let maas: Sandbox;
beforeAll(async () => {
  host = new Host();
  maas = await startSandbox({ dir: `${host.dir}/maas`, family: '3.5' });
});
afterAll(async () => {
  await maas.close();
  host.remove();
});

// Not by the project's own way of running tools, which would mask a key in what is shown.
const logIn = (typed: string) =>
  execa('python3', ['-c', AT_A_TERMINAL, typed, process.execPath, CLI, 'login', maas.url], {
    env: host.env,
    extendEnv: false,
    reject: false,
    timeout: 20_000,
  });

it.each([
  ['Ctrl-C', '\x03', 130],
  ['SIGTERM', 'TERM', 143],
  ['Ctrl-D', '\x04', 3],
])('%s at the question for the key ends login and keeps nothing', async (_name, typed, exitCode) => {
  expect((await logIn(typed)).exitCode).toBe(exitCode);
  expect(existsSync(join(host.dir, 'state/dgxos-maas/logins.json'))).toBe(false);
});

it('a key typed at a terminal, corrected on the way, is taken and not shown', async () => {
  const { stdout, exitCode } = await logIn(`xy\x7f\x7f${maas.apiKey}\r`);
  expect(stdout).toContain('Logged in to');
  for (const part of maas.apiKey.split(':')) expect(stdout).not.toContain(part);
  expect(exitCode).toBe(0);
});
