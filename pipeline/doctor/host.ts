import { access, constants, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../core/faults/fault.ts';
import { bytes } from '../core/text/human.ts';
import { kvmVerdict } from '../host/accelerator.ts';
import { findFirmware } from '../host/firmware.ts';
import { namespaceVerdict } from '../host/namespaces.ts';
import { atLeast } from '../install/render/packer-version.ts';
import type { Finding } from './finding.ts';

/** The oldest Node, as package.json says. A clone runs in the one that it brings along. */
const NODE_MINIMUM = '20.17.0';

export function examineNode(version = process.versions.node): Finding {
  const ok = atLeast(version, NODE_MINIMUM);
  return {
    tool: 'node',
    neededFor: 'run dgxos-maas',
    found: ok ? version : `${version}, ${NODE_MINIMUM} or newer is needed`,
    status: ok ? 'ok' : 'too-old',
    fix: ok ? null : 'npm install node@lts-latest',
    package: null,
  };
}

/** KVM makes a build several times faster; without it VMs are emulated. */
export async function examineKvm(signal?: AbortSignal): Promise<Finding> {
  const { usable, reason, hint } = await kvmVerdict(undefined, signal);
  return {
    tool: 'kvm',
    neededFor: 'build several times faster',
    found: reason,
    status: usable ? 'ok' : 'optional',
    fix: usable ? null : (hint ?? null),
    package: null,
  };
}

/** Namespaces install without a VM, where KVM does not work. */
export async function examineNamespaces(signal?: AbortSignal, neededFor?: string): Promise<Finding> {
  const { usable, reason, hint } = await namespaceVerdict(signal);
  return {
    tool: 'namespaces',
    neededFor: neededFor ?? 'install without a VM',
    found: reason,
    status: usable ? 'ok' : neededFor === undefined ? 'optional' : 'unusable',
    fix: usable ? null : (hint ?? null),
    package: null,
  };
}

/** An installer of subiquity's starts by UEFI. @param releases those in use whose media have one */
export async function examineFirmware(
  releases: readonly string[],
  folders?: readonly string[],
): Promise<Finding> {
  const needed = releases.length > 0;
  const finding = {
    tool: 'uefi firmware',
    neededFor: needed
      ? `build ${releases.join(', ')} from an ISO`
      : 'rehearse; build DGX OS 6 and 7 from an ISO',
  };
  try {
    const { code } = await findFirmware('amd64', folders);
    return { ...finding, found: code, status: 'ok', fix: null, package: null };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { hint } = error;
    return {
      ...finding,
      found: null,
      status: needed ? 'missing' : 'optional',
      fix: hint ?? null,
      package: 'ovmf',
    };
  }
}

/**
 * Free space and permissions in a folder that may not exist yet.
 * @param needed bytes
 */
export async function examineFolder(
  name: string,
  neededFor: string,
  folder: string,
  needed: number,
): Promise<Finding> {
  const finding = { tool: name, neededFor, package: null };
  const there = await nearestExisting(folder);
  const writable = await access(there, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!writable)
    return {
      ...finding,
      found: `no permission to write ${there}`,
      status: 'unusable',
      fix: `set \`${name}:\` to a folder that you may write`,
    };
  const { bavail, bsize } = await statfs(there);
  const free = bavail * bsize;
  if (free >= needed) return { ...finding, found: `${bytes(free)} free`, status: 'ok', fix: null };
  return {
    ...finding,
    found: `${bytes(free)} free, ${bytes(needed)} may be needed`,
    status: 'unusable',
    fix: `free some space, or set \`${name}:\` to a folder on a larger disk`,
  };
}

async function nearestExisting(folder: string): Promise<string> {
  for (let dir = folder; ; dir = dirname(dir)) {
    const there = await access(dir).then(
      () => true,
      () => false,
    );
    if (there || dirname(dir) === dir) return dir;
  }
}
