import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { importHint } from '../api/base-images.ts';
import type { MaasClient } from '../api/client.ts';
import { efiFault } from './boot.ts';
import { deployMachine, hasImage } from './deploy-machine.ts';
import type { Decision, Job } from './job.ts';
import { setKernelOptions } from './kernel-options.ts';
import { statusName } from './status.ts';
import { setStorageLayout } from './storage-layout.ts';
import type { DeployOptions, Machine } from './types.ts';

export interface DeployRequest extends DeployOptions {
  /** Such as amd64; null where they are not known. */
  architectures: readonly string[] | null;
  /** The image puts its boot loader into an EFI partition. */
  needsEfi: boolean;
  /** The base image, and the architectures for which MAAS has not imported it. */
  base?: { image: string; missingFor: readonly string[] };
  /** flat, lvm, …; laid out anew before the deployment. */
  storageLayout?: string;
  /** For the kernel's command line; undefined leaves what tags say. */
  kernelOptions?: string;
}

/** Deploys an image; a machine that has it or is getting it is left alone. */
export function deployJob(request: DeployRequest, session: { signal: AbortSignal; emit: Emit }): Job {
  const { image, storageLayout, kernelOptions } = request;
  return {
    name: 'deploy',
    what: `${image} is installed, disks are overwritten`,
    destructive: () => true,
    decide: (machine) => decide(request, machine),
    prepare: async (client, machines) => {
      if (kernelOptions !== undefined) await setKernelOptions(client, machines, kernelOptions);
    },
    start: async (client: MaasClient, machine: Machine) => {
      if (storageLayout) {
        const laidOut = await setStorageLayout(client, machine, storageLayout, session);
        const fault = request.needsEfi ? efiFault(laidOut) : undefined;
        if (fault) throw fault;
      }
      return deployMachine(client, machine, request, session);
    },
    until: ['deployed'],
    byHand: ({ hostname }) => `Turn on ${hostname}; it must boot from the network`,
  };
}

function decide(request: DeployRequest, machine: Machine): Decision {
  const { image, architectures, needsEfi, storageLayout, base } = request;
  const { hostname, status } = machine;
  const same = hasImage(machine, image);
  if (status === 'deployed' && same) return { do: 'nothing', why: `has ${image}` };
  if (status === 'deploying' && same) return { do: 'wait', why: `is being deployed with ${image}` };
  if (status !== 'ready' && status !== 'allocated') return { do: 'refuse', fault: notReady(machine) };
  const own = machine.architecture.split('/')[0] ?? '';
  if (architectures && own && !architectures.includes(own))
    return {
      do: 'refuse',
      fault: new Fault(
        'MACHINE_STATE',
        `${hostname} is ${machine.architecture}, and ${image} is for ${architectures.join(', ')}`,
        { hint: 'dgxos-maas images lists the images with their architectures.' },
      ),
    };
  if (base?.missingFor.includes(own))
    return {
      do: 'refuse',
      fault: new Fault(
        'MACHINE_STATE',
        `${hostname} could not boot to install ${image}: MAAS has not imported its base image ${base.image} for ${own}`,
        { hint: importHint(base.image, own) },
      ),
    };
  if (storageLayout && status !== 'ready')
    return {
      do: 'refuse',
      fault: new Fault(
        'MACHINE_STATE',
        `${hostname} is Allocated: MAAS changes the storage layout only of Ready machines`,
        {
          hint: `Run dgxos-maas machines release ${hostname}, then deploy again.`,
        },
      ),
    };
  const fault = needsEfi ? efiFault(machine, storageLayout !== undefined) : undefined;
  return fault ? { do: 'refuse', fault } : { do: 'start' };
}

function notReady(machine: Machine): Fault {
  const { hostname, status, osystem, series } = machine;
  const has = status === 'deployed' || status === 'deploying' ? ` with ${osystem}/${series}` : '';
  return new Fault('MACHINE_STATE', `${hostname} is ${statusName(status)}${has} and cannot be deployed`, {
    hint:
      (Object.hasOwn(REMEDY, status) ? REMEDY[status] : undefined)?.replaceAll('$h', hostname) ??
      `Run dgxos-maas machines release ${hostname}, then deploy again.`,
  });
}

const REMEDY: Partial<Record<Machine['status'], string>> = {
  new: 'Commission it first: dgxos-maas machines commission $h',
  failed_commissioning: 'Commission it first: dgxos-maas machines commission $h',
  failed_testing: 'Repair it and commission it again: dgxos-maas machines commission $h',
  commissioning: 'Wait for it: dgxos-maas machines wait $h --for ready',
  testing: 'Wait for it: dgxos-maas machines wait $h --for ready',
  releasing: 'Wait for it: dgxos-maas machines wait $h --for ready',
  disk_erasing: 'Wait for it: dgxos-maas machines wait $h --for ready',
  broken: 'Repair it and mark it fixed in MAAS.',
};
