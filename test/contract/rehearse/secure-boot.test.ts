import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { $ } from 'zx';
import { findSecureFirmware } from '../../../pipeline/host/firmware.ts';
import { explained, stopsIn } from '../../../pipeline/maas/rehearse/boot-trouble.ts';
import { firmwaresFor } from '../../../pipeline/maas/rehearse/firmwares.ts';
import { disksFor, namedLayout } from '../../../pipeline/maas/rehearse/layouts.ts';
import { machineArgv, prepareBoot, prepareMachine } from '../../../pipeline/maas/rehearse/machine.ts';
import { rehearsalFiles } from '../../../pipeline/workspace/layout.ts';

/** Of the package grub-efi-amd64-bin; no key has signed it. */
const UNSIGNED = '/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi';

let folder: string;
let machine: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secure-'));
});
afterEach(() => {
  machine?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test("the firmware has Microsoft's keys, and its variables are those of the deployment", async () => {
  const { deploys, boots } = await firmwaresFor(true);
  expect(boots).toEqual(await findSecureFirmware());
  expect(boots.smm).toBe(true);
  expect(deploys.vars).toBe(boots.vars);
  expect(deploys.code).not.toBe(boots.code);
});

// QEMU 7.2 and OVMF 2022.11 of Debian 12.
test('the machine refuses a boot loader that no key has signed, and says so on its console', async () => {
  const { boots } = await firmwaresFor(true);
  const files = rehearsalFiles(folder);
  const shared = { folder, kernelOptions: '', accelerator: 'tcg' as const, memory: 512, artifact: null };
  const identity = { origin: '', systemId: '', images: '', hostname: 'x', mac: '52:54:00:da:60:01' };
  const request = { ...shared, identity, ephemeral: null, firmware: boots };
  const disks = disksFor(namedLayout('flat')!, 1, 2 ** 26);
  await prepareMachine(
    { ...request, disks, ephemeral: { kernel: '', initrd: '' } as never },
    new AbortController().signal,
  );
  const esp = join(folder, 'esp.img');
  $.quiet = true;
  await $`truncate -s 64M ${esp}`;
  await $`mkfs.vfat ${esp}`;
  await $`mmd -i ${esp} ::EFI ::EFI/BOOT`;
  await $`mcopy -i ${esp} ${UNSIGNED} ::EFI/BOOT/BOOTX64.EFI`;
  await $`qemu-img convert -f raw -O qcow2 ${esp} ${files.disk('vda')}`;
  await prepareBoot({ ...request, disks }, new AbortController().signal);
  // Without a network, from which the firmware would try to boot next, for minutes.
  const argv = machineArgv({ ...request, disks })
    .join('\n')
    .replace(/-netdev\n\S+\n-device\n\S+\n/, '');
  const [program, ...words] = argv.split('\n');
  machine = spawn(program as string, words, { cwd: folder, stdio: 'ignore' });
  const console = () => {
    try {
      return readFileSync(files.rawBootConsole, 'latin1').split(/[\r\n]+/);
    } catch {
      return [];
    }
  };
  while (!console().some((line) => stopsIn(line))) {
    if (machine.exitCode !== null) throw new Error(`QEMU ended with ${machine.exitCode}`);
    await sleep(200);
  }
  const stop = console().map(stopsIn).find(Boolean)!;
  expect(explained(stop, console()).cause).toMatch(/^Secure Boot refuses the boot loader/);
}, 400_000);
