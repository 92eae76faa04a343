import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../core/faults/fault.ts';
import { installHint } from './process/packages.ts';

/** The two halves of a UEFI firmware, as flash chips of a VM. */
export interface Firmware {
  /** Read-only. */
  code: string;
  /** Empty variables, but for keys: to be copied for each VM, which writes them. */
  vars: string;
  /** The VM needs system management mode, which alone may write the variables. */
  smm?: boolean;
}

/** The folders in which QEMU and distributions describe firmware (docs/interop/firmware.json of QEMU); an earlier folder's file replaces a later one's. */
const FOLDERS = ['/etc/qemu/firmware', '/usr/local/share/qemu/firmware', '/usr/share/qemu/firmware'];

const TARGETS = {
  amd64: { architecture: 'x86_64', machine: 'pc-q35-', name: 'OVMF' },
  arm64: { architecture: 'aarch64', machine: 'virt-', name: 'AAVMF' },
} as const;

/** A firmware with any of these starts signed loaders alone, or needs more of the VM. */
const UNWANTED = ['requires-smm', 'secure-boot', 'enrolled-keys'];
/** One with these starts what Microsoft's keys have signed: shim. */
const SECURE = ['secure-boot', 'enrolled-keys'];

/**
 * The UEFI firmware of this host for VMs of an architecture, without Secure Boot: the installer's kernel is started by QEMU.
 * @throws Fault FIRMWARE_MISSING with the package that brings it
 */
export async function findFirmware(
  architecture: keyof typeof TARGETS,
  folders: readonly string[] = FOLDERS,
): Promise<Firmware> {
  const target = TARGETS[architecture];
  const plain = (features: readonly string[]) => !features.some((one) => UNWANTED.includes(one));
  const found = await firstThat(plain, target, folders);
  if (found) return found;
  throw new Fault('FIRMWARE_MISSING', `The UEFI firmware for the VM, ${target.name}, is not installed`, {
    hint: installHint(target.name),
  });
}

/**
 * The UEFI firmware of this host for amd64 VMs with Secure Boot and Microsoft's keys.
 * @throws Fault FIRMWARE_MISSING with the package that brings it
 */
export async function findSecureFirmware(folders: readonly string[] = FOLDERS): Promise<Firmware> {
  const secure = (features: readonly string[]) => SECURE.every((one) => features.includes(one));
  const found = await firstThat(secure, TARGETS.amd64, folders);
  if (found) return found;
  throw new Fault(
    'FIRMWARE_MISSING',
    "A UEFI firmware with Secure Boot and Microsoft's keys is not installed",
    {
      hint: `${installHint('OVMF')}; or leave secure_boot out.`,
    },
  );
}

async function firstThat(
  wanted: (features: readonly string[]) => boolean,
  target: (typeof TARGETS)[keyof typeof TARGETS],
  folders: readonly string[],
): Promise<Firmware | undefined> {
  for (const file of await descriptions(folders)) {
    const found = fits(await readFile(file, 'utf8').catch(() => ''), target, wanted);
    if (found && (await readable(found.code)) && (await readable(found.vars))) return found;
  }
  return undefined;
}

/** In the order in which they are to be tried: by name. */
async function descriptions(folders: readonly string[]): Promise<string[]> {
  const files = new Map<string, string>();
  for (const folder of folders)
    for (const name of await readdir(folder).catch(() => []))
      if (name.endsWith('.json') && !files.has(name)) files.set(name, join(folder, name));
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
}

function fits(
  text: string,
  target: (typeof TARGETS)[keyof typeof TARGETS],
  wanted: (features: readonly string[]) => boolean,
): Firmware | undefined {
  let said: {
    'interface-types'?: string[];
    mapping?: Record<string, { filename?: string; format?: string } | string>;
    targets?: { architecture?: string; machines?: string[] }[];
    features?: string[];
  } | null;
  try {
    said = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!said?.['interface-types']?.includes('uefi') || said.mapping?.device !== 'flash') return undefined;
  const features = said.features ?? [];
  if (!wanted(features)) return undefined;
  const forIt = said.targets?.some(
    ({ architecture, machines }) =>
      architecture === target.architecture && machines?.some((name) => name.startsWith(target.machine)),
  );
  const [code, vars] = ['executable', 'nvram-template'].map((part) => {
    const half = said.mapping?.[part];
    return typeof half === 'object' && half?.format === 'raw' ? half.filename : undefined;
  });
  const smm = features.includes('requires-smm');
  return forIt && code && vars ? { code, vars, ...(smm && { smm }) } : undefined;
}

const readable = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
