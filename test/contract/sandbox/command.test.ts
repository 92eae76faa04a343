import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/server.ts';
import { call, folder } from './client.ts';

const at = (path: string) => JSON.stringify(new URL(`../../../pipeline/cli/${path}`, import.meta.url).href);

const PROGRAM = `import { Command } from 'commander';
import { act } from ${at('open-session.ts')};
import { declare } from ${at('commands/sandbox.ts')};
const program = new Command('dgxos-maas').option('--json').option('-v, --verbose').option('-q, --quiet');
declare(program, act);
await program.parseAsync(process.argv);`;

/** Runs the command in a process of its own and waits for its first output or its end. */
async function start(...args: string[]) {
  const dir = folder();
  const argv = ['--input-type=module', '-e', PROGRAM, '--', 'sandbox', 'sandbox', '--dir', dir, ...args];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  const ended = once(child, 'close');
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  const spoke = new Promise<void>((resolve) =>
    child.stdout.on('data', (part) => {
      stdout += part;
      resolve();
    }),
  );
  await Promise.race([spoke, ended]);
  const stop = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return (await ended)[0] as number | null;
  };
  return { dir, stdout, stop, ended, stderr: () => stderr };
}

describe('dgxos-maas sandbox', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'prints what a shell needs, serves, and ends by %s',
    async (signal) => {
      const running = await start();
      const [, url, apiKey] =
        /^export MAAS_API_URL=(\S+)\nexport MAAS_API_KEY=(\S+)\n$/.exec(running.stdout) ?? [];
      expect(readFileSync(join(running.dir, 'api-key'), 'utf8').trim()).toBe(apiKey);
      const server = { url, apiKey } as unknown as Sandbox;
      expect((await call(server, 'GET', 'users/?op=whoami')).json).toMatchObject({ username: 'admin' });
      expect(await running.stop(signal)).toBe(0);
      expect(running.stderr()).toContain('it is not MAAS');
      expect(running.stderr()).toContain(join(running.dir, 'api-key'));
      expect(running.stderr()).not.toContain(apiKey);
    },
  );

  test.each([
    [['--guests', 'qemu', '--curtin', '/nowhere'], 4, 'There is no /nowhere'],
    [['--guests', 'qemu', '--trouble', 'gpu-001:no-ssh'], 2, '--trouble is not for --guests qemu'],
    [['--guests', '--curtin', '/nowhere'], 2, '--curtin is not for --guests chroot'],
  ])('%j ends before it serves', async (args, code, said) => {
    const running = await start(...args);
    expect((await running.ended)[0]).toBe(code);
    expect(running.stdout).toBe('');
    expect(running.stderr()).toContain(said);
  });

  test('--json writes one object; --no-admin gives the other key', async () => {
    const running = await start('--json', '--no-admin', '--maas', '3.4.10');
    const shown = JSON.parse(running.stdout);
    expect(shown).toMatchObject({ family: '3.4', dir: running.dir, url: expect.stringMatching(/\/MAAS$/) });
    expect((await call(shown, 'GET', 'users/?op=whoami')).json).toMatchObject({ is_superuser: false });
    await running.stop('SIGTERM');
  });

  test('--machines are there, fail by --fail, and as fast as --speed says', async () => {
    const flags = ['--machines', '2', '--fail', 'gpu-002:commissioning', '--speed', '100'];
    const running = await start('--json', ...flags);
    const server = JSON.parse(running.stdout) as Sandbox;
    await call(server, 'POST', 'machines/?op=accept_all');
    const states = async () =>
      (await call(server, 'GET', 'machines/')).json.map((one: { status_name: string }) => one.status_name);
    await expect.poll(states).toEqual(['Ready', 'Failed commissioning']);
    await running.stop('SIGTERM');
  });

  test('--verbose logs each request', async () => {
    const running = await start('--verbose');
    const key = /MAAS_API_KEY=(\S+)/.exec(running.stdout)?.[1] as string;
    await call({ url: /=(http\S+)/.exec(running.stdout)?.[1], apiKey: key } as Sandbox, 'GET', 'version/');
    await running.stop('SIGTERM');
    expect(key).toMatch(/^\w{18}:\w{18}:\w{32}$/);
    expect(running.stderr()).toContain('GET /MAAS/api/2.0/version/ 200');
  });

  test.each([
    [['--fault', 'put:1:explode'], 2, 'is not a fault'],
    [['--fail', 'gpu-001:dance'], 2, 'names no stage that can fail'],
    [['--family', '2.7'], 2, 'does not know MAAS 2.7'],
    [['--family', '3.4', '--regions', '2'], 2, 'cannot have 2 regions'],
  ])('%j ends with exit code %i', async (args, code, message) => {
    const running = await start(...args);
    expect((await running.ended)[0]).toBe(code);
    expect(running.stderr()).toContain(message);
    expect(running.stdout).toBe('');
  });
});
