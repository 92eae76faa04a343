import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { GuestMachine } from '../machines/guests.ts';
import { resolveInRoot } from './resolve-in-root.ts';
import type { Trouble } from './troubles.ts';

/** The answers of the stand-ins: as much of it from the image as it says, the rest as a machine that is well would. */
export interface GuestFacts {
  /** The newest kernel of the image that has modules; null without any. */
  kernel: string | null;
  /** Whether the image brings NVIDIA's driver for that kernel. */
  driver: boolean;
  /** GPUs of the machine. */
  gpus: number;
  hostname: string;
  machineId: string;
  /** The kernel's command line. */
  kernelOptions: string;
}

/** Reads from an unpacked root what its stand-ins answer. */
export function guestFacts(
  root: string,
  machine: GuestMachine,
  more: Pick<GuestFacts, 'gpus' | 'machineId'>,
): GuestFacts {
  const byNumber = new Intl.Collator('en', { numeric: true });
  // A link /lib leads to usr/lib.
  const dir = existsSync(join(root, 'usr/lib/modules')) ? 'usr/lib/modules' : 'lib/modules';
  const modules = names(root, dir);
  const images = names(root, 'boot').filter((name) => name.startsWith('vmlinu'));
  const kernel = modules
    .filter((version) => images.some((image) => image.endsWith(`-${version}`)))
    .sort(byNumber.compare)
    .at(-1);
  const driver =
    kernel !== undefined &&
    names(root, join(dir, kernel), true).some((path) => /(^|\/)nvidia\.ko(\.\w+)?$/.test(path));
  const { hostname, kernelOptions } = machine;
  return { kernel: kernel ?? null, driver, hostname, kernelOptions, ...more };
}

/** The entries of a folder of the root; none for one that a link leads to outside of it. */
function names(root: string, path: string, recursive = false): string[] {
  try {
    const dir = realpathSync(join(root, path));
    if (!dir.startsWith(realpathSync(root) + sep)) return [];
    return readdirSync(dir, { recursive, encoding: 'utf8' });
  } catch {
    return [];
  }
}

/** The folder of the stand-ins, before all others in the session's PATH. */
export const STAND_INS = '/.sandbox/bin';

/**
 * Puts scripts into the root for what a directory that was never booted cannot say: there is no systemd, no
 * kernel of its own and no GPU behind it. Everything else a session calls is the image's own.
 */
export async function putStandIns(
  root: string,
  facts: GuestFacts,
  troubles: ReadonlySet<Trouble>,
): Promise<void> {
  await rm(join(root, '.sandbox'), { recursive: true, force: true });
  for (const [name, body] of Object.entries(standIns(facts, troubles))) {
    const file = await resolveInRoot(root, `${STAND_INS.slice(1)}/${name}`);
    await writeFile(file, `#!/bin/sh\n# A stand-in of the sandbox.\n${body}\n`);
    await chmod(file, 0o755);
  }
}

function standIns(facts: GuestFacts, troubles: ReadonlySet<Trouble>): Record<string, string> {
  const has = (trouble: Trouble) => troubles.has(trouble);
  const kernel = has('wrong-kernel') ? '6.8.0-31-generic' : (facts.kernel ?? '0.0.0-none');
  const gpus = facts.gpus - (has('lost-gpu') ? 1 : 0);
  const failed = has('failed-unit');
  const fabric = has('fabric-down') ? 'failed' : 'active';
  const unit = 'nvidia-persistenced.service loaded failed failed NVIDIA Persistence Daemon';
  const gpu = (at: number) =>
    `GPU ${at}: NVIDIA A100-SXM4-40GB (UUID: GPU-${facts.machineId.slice(0, 8)}-0000-0000-0000-00000000000${at})`;
  const noDriver =
    "echo 'NVIDIA-SMI has failed because it couldn'\\''t communicate with the NVIDIA driver.'; exit 9";
  return {
    sudo: 'while [ "$1" = -n ]; do shift; done\nexec "$@"',
    uname: `case "$*" in\n-r) echo ${kernel} ;;\n-n) echo ${facts.hostname} ;;\n-m) echo x86_64 ;;\n-a) echo Linux ${facts.hostname} ${kernel} x86_64 GNU/Linux ;;\n*) echo Linux ;;\nesac`,
    hostname: `echo ${facts.hostname}`,
    systemctl: `case "$*" in
*--failed*) ${failed ? `echo '${unit}'` : ':'} ;;
*is-system-running*) ${failed ? 'echo degraded; exit 1' : 'echo running'} ;;
*is-active*fabricmanager*) echo ${fabric}; ${fabric === 'active' ? '' : 'exit 3'} ;;
*is-active*) echo active ;;
*status*) ${failed ? 'echo degraded' : 'echo running'} ;;
esac`,
    pgrep: `case "$*" in\n*nvlsm*) echo 811 ;;\n*) exit 1 ;;\nesac`,
    journalctl: failed
      ? "echo 'nvidia-persistenced[811]: Failed to query NVIDIA devices.'"
      : "echo '-- No entries --'",
    dmesg: ':',
    'cloud-init': has('cloud-init-error')
      ? `case "$*" in\n*--version*) echo /usr/bin/cloud-init 24.1 ;;\n*) printf 'status: error\\nerrors:\\n\\t- Failed to run module scripts_user\\n'; exit 1 ;;\nesac`
      : `case "$*" in\n*--version*) echo /usr/bin/cloud-init 24.1 ;;\n*) printf 'status: done\\nerrors: []\\n' ;;\nesac`,
    findmnt: has('no-efi')
      ? `case "$*" in\n*/boot/efi*) exit 1 ;;\n*TARGET*) echo / ;;\n*) echo '/ ext4' ;;\nesac`
      : `case "$*" in\n*/boot/efi*) echo vfat ;;\n*TARGET*) printf '/\\n/boot/efi\\n' ;;\n*) printf '/ ext4\\n/boot/efi vfat\\n' ;;\nesac`,
    efibootmgr: has('no-efi')
      ? "echo 'EFI variables are not supported on this system.' >&2; exit 2"
      : "printf 'BootCurrent: 0001\\nBootOrder: 0001\\nBoot0001* ubuntu\\n'",
    ...(facts.driver
      ? {
          'nvidia-smi': `case "$*" in\n-L|--list-gpus) printf '%s\\n' ${Array.from({ length: gpus }, (_, at) => `'${gpu(at)}'`).join(' ')} ;;\n*) echo 'NVIDIA-SMI 550.90.07' ;;\nesac`,
          dcgmi: `case "$*" in\n*diag*) ${has('dcgm-fail') ? "echo 'Deployment | Fail: inforom'; exit 226" : "echo 'Successfully ran diagnostic for group.'; echo 'Denylist | Pass'"} ;;\nesac`,
        }
      : { 'nvidia-smi': noDriver }),
  };
}
