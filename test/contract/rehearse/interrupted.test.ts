import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { CLI } from '../../cli.ts';
import { RehearsalHost } from './rehearsal-host.ts';

const CURTIN = join(import.meta.dirname, '../../fixtures/stand-in-curtin');

let host: RehearsalHost;
beforeEach(() => {
  host = new RehearsalHost();
  onTestFinished(() => host.remove());
  writeFileSync(join(host.dir, 'demo.tar.gz'), gzipSync('demo'));
});

/** The command with layouts of which the second hangs, ended there by a signal. */
async function ended(signal: NodeJS.Signals, ...more: string[]) {
  host.hang('qemu-img', '*vdb.qcow2*');
  const ephemeral = ['kernel', 'initrd', 'squashfs'].map((name) => `${name}=${name}`).join(',');
  const command = spawn(
    process.execPath,
    [
      ...[CLI, 'rehearse', 'demo.tar.gz', '--base-image', 'ubuntu/focal', '--accelerator', 'tcg'],
      ...['--curtin', CURTIN, '--ephemeral', ephemeral, '--layout', 'flat', 'raid1', 'lvm'],
      ...['--until', 'deployed', ...more],
    ],
    { cwd: host.dir, env: host.env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said = Promise.all([text(command.stdout), text(command.stderr), once(command, 'exit')]);
  while (!host.hangs()) {
    if (command.exitCode !== null) throw new Error(`ended with ${command.exitCode}: ${(await said)[1]}`);
    await sleep(20);
  }
  command.kill(signal);
  const [stdout, stderr] = await said;
  return { code: command.exitCode, stdout, stderr };
}

it('results from before Ctrl-C are shown, with the layout that has none, and written', async () => {
  const { code, stdout, stderr } = await ended('SIGINT', '--junit', 'rehearsal.xml');
  expect(code).toBe(130);
  expect(stdout).toMatch(/^deployed in /m);
  expect(stdout).toMatch(/^flat {3}deployed +\d/m);
  expect(stdout).toMatch(/^raid1 {2}no result +Interrupted$/m);
  // The layouts after it were not begun.
  expect(stdout).not.toContain('lvm');
  expect(stderr).not.toContain('INTERNAL');
  const junit = readFileSync(join(host.dir, 'rehearsal.xml'), 'utf8');
  expect(junit).toContain('errors="1"');
  expect(junit).toContain('name="layout flat"');
});

it('and in one object by --json, after SIGTERM', async () => {
  const { code, stdout } = await ended('SIGTERM', '--json');
  expect(code).toBe(143);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    rehearsals: [{ layout: 'flat', ok: true }],
    failed: [{ layout: 'raid1', after: [], code: 'TERMINATED' }],
  });
});
