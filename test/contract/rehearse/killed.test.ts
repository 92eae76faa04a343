import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { alive } from '../../../pipeline/host/process/alive.ts';
import { CLI } from '../../cli.ts';

const ROOT = join(import.meta.dirname, '../../..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'killed-'));
  for (const name of ['kernel', 'initrd', 'squashfs', 'demo.tar.gz']) writeFileSync(join(folder, name), name);
  // A stand-in of QEMU: a machine that never ends, and says its number.
  const qemu = join(folder, 'qemu-system-x86_64');
  writeFileSync(
    qemu,
    `#!/bin/sh\necho $$ >"${folder}/pid.new" && mv "${folder}/pid.new" "${folder}/pid"\nexec sleep 1000\n`,
  );
  chmodSync(qemu, 0o755);
});

async function started(): Promise<{ command: ChildProcess; machine: number }> {
  const ephemeral = `kernel=${folder}/kernel,initrd=${folder}/initrd,squashfs=${folder}/squashfs`;
  const command = spawn(
    process.execPath,
    [
      ...[CLI, 'rehearse', 'demo.tar.gz', '--base-image', 'ubuntu/focal'],
      ...[
        '--accelerator',
        'tcg',
        '--ephemeral',
        ephemeral,
        '--curtin',
        join(ROOT, 'test/fixtures/stand-in-curtin'),
      ],
    ],
    {
      cwd: folder,
      stdio: 'ignore',
      env: {
        PATH: `${folder}${delimiter}${process.env.PATH}`,
        HOME: folder,
        XDG_CACHE_HOME: join(folder, 'cache'),
      },
    },
  );
  const pid = join(folder, 'pid');
  while (!existsSync(pid)) {
    if (command.exitCode !== null) throw new Error(`ended with ${command.exitCode}`);
    await sleep(50);
  }
  return { command, machine: Number(readFileSync(pid, 'utf8')) };
}

const left = () => {
  const all = join(folder, 'cache/dgxos-maas/rehearsals');
  return readdirSync(join(all, readdirSync(all)[0]!));
};
const ended = async (command: ChildProcess) => {
  while (command.exitCode === null && command.signalCode === null) await sleep(20);
};

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends the machine and removes its disks', async (signal, code) => {
  const { command, machine } = await started();
  command.kill(signal);
  await ended(command);
  expect(command.exitCode).toBe(code);
  expect(alive(machine)).toBe(false);
  expect(left()).toEqual(['console.log']);
});

test('kill -9 ends the machine too, and the next rehearsal of the file removes what was left', async () => {
  const first = await started();
  first.command.kill('SIGKILL');
  await ended(first.command);
  while (alive(first.machine)) await sleep(50);
  expect(left()).toContain('vda.qcow2');
  writeFileSync(
    join(
      folder,
      'cache/dgxos-maas/rehearsals',
      readdirSync(join(folder, 'cache/dgxos-maas/rehearsals'))[0]!,
      'install.log',
    ),
    'old',
  );
  rmSync(join(folder, 'pid'));
  const second = await started();
  second.command.kill('SIGINT');
  await ended(second.command);
  expect(left()).toEqual(['console.log']);
});
