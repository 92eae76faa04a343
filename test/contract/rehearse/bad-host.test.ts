import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CLI } from '../../cli.ts';
import { RehearsalHost } from './rehearsal-host.ts';

const CURTIN = join(import.meta.dirname, '../../fixtures/stand-in-curtin');

let host: RehearsalHost;
beforeEach(() => {
  host = new RehearsalHost();
  onTestFinished(() => host.remove());
  writeFileSync(join(host.dir, 'demo.tar.gz'), 'demo.tar.gz');
});

const ARGUMENTS = [
  ...['rehearse', 'demo.tar.gz', '--base-image', 'ubuntu/focal', '--accelerator', 'tcg', '--curtin', CURTIN],
  ...['--ephemeral', 'kernel=kernel,initrd=initrd,squashfs=squashfs', '--until', 'deployed'],
];

/** Runs it where a folder is an empty one of a size, in a namespace of mounts of its own. */
async function without(folders: string[], size: string): Promise<{ code: number; stderr: string }> {
  const mounts = folders.map((folder) => `mount -t tmpfs -o size=${size} none ${folder}`);
  const script = [...mounts, 'exec "$@"'].join(' && ');
  const argv = ['--mount', '--map-root-user', 'sh', '-c', script, 'sh', process.execPath, CLI, ...ARGUMENTS];
  const child = spawn('unshare', argv, { cwd: host.dir, env: host.env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (part) => {
    stderr += part;
  });
  const [code] = await once(child, 'close');
  return { code, stderr };
}

it('a host without a firmware for UEFI is named with the command that installs one', async () => {
  const { code, stderr } = await without(['/usr/share/qemu'], '1m');
  expect(code).toBe(4);
  expect(stderr).toMatch(/UEFI firmware for the VM, OVMF, is not installed \[FIRMWARE_MISSING\]/);
  expect(stderr).toContain('sudo apt-get install ovmf');
  expect(host.machines()).toBe(0);
});

it('a disk without room is found before anything is made', async () => {
  const cache = join(host.dir, 'cache');
  mkdirSync(cache);
  const { code, stderr } = await without([cache], '64m');
  expect(code).toBe(4);
  expect(stderr).toMatch(/has 0 GiB free, and a rehearsal of this image may need \d+ GiB \[DISK_FULL\]/);
  expect(stderr).toContain('Free some space, or set `cache:`');
  expect(host.machines()).toBe(0);
});

describe('a guest', () => {
  const kept = (name: string) => {
    const all = join(host.dir, 'cache/dgxos-maas/rehearsals');
    return join(all, readdirSync(all)[0]!, name);
  };

  it('that prints garbage is deployed all the same, and nothing of it reaches the terminal as it is', async () => {
    const garbage = Array.from({ length: 256 }, (_, at) => String.fromCharCode(at)).join('');
    host.guest('SUCCESS', garbage, undefined, `${garbage}\n\u001b[2J\u001b]0;title\u0007\n`.repeat(200));
    const { code, stdout, stderr } = await host.run([...ARGUMENTS, '--verbose']);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  });

  it('that prints one line without an end is judged by what curtin reports, and little of it is kept', async () => {
    host.guest('FAIL', 'tar: Unexpected EOF in archive', undefined, 'x'.repeat(30_000_000));
    const { code, stderr } = await host.run(ARGUMENTS);
    expect(code).toBe(6);
    expect(stderr.length).toBeLessThan(20_000);
    expect(statSync(kept('console.log')).size).toBeLessThan(1_000_000);
  });
});

it('a port that the deployed system knows, and that is in use now, makes it deployed anew', async () => {
  const accepted = ARGUMENTS.filter((word) => word !== '--until' && word !== 'deployed');
  expect((await host.run(accepted)).code).toBe(0);
  expect(host.machines()).toBe(2);
  const all = join(host.dir, 'cache/dgxos-maas/rehearsals');
  const { port } = JSON.parse(readFileSync(join(all, readdirSync(all)[0]!, 'deployed.json'), 'utf8'));
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const { code, stderr } = await host.run(accepted);
  expect(code).toBe(0);
  expect(host.machines()).toBe(4);
  expect(stderr).toContain(
    `port ${port} of this host, which the deployed system knows, is in use: it is deployed anew`,
  );
});
