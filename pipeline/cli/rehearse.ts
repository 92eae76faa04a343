import { expectBaseImage } from '../config/base-image.ts';
import { loadConfig } from '../config/load.ts';
import { MIB, parseSize } from '../config/units.ts';
import { EXIT } from '../core/faults/catalogue.ts';
import { Fault } from '../core/faults/fault.ts';
import { configuredImage } from '../image/checks/configured-image.ts';
import { rehearse } from '../maas/rehearse/rehearse.ts';
import { rehearsalText } from '../report/text/rehearsal.ts';
import type { Session } from './session.ts';

export interface RehearseFlags {
  baseImage?: string;
  layout: string;
  curtin?: string[];
  ephemeral?: string;
  until: 'deployed';
  memory: string;
  disks: string;
  diskSize?: string;
  kernelOptions: string;
  accelerator: 'auto' | 'kvm' | 'tcg';
  keep?: boolean;
}

/** MiB with which the ephemeral still boots and unpacks. */
const LEAST_MEMORY = 1024;
/** virtio disks are `vda` to `vdz`. */
const MOST_DISKS = 16;
const LEAST_DISK = 4;

/** Deploys an image of the configuration, or any file, on a virtual machine; an image that fails is a result and exit code 6. */
export async function rehearseImage(session: Session, name: string, flags: RehearseFlags): Promise<void> {
  const { env, emit, signal } = session;
  const sizes = sizesOf(flags);
  if (flags.baseImage !== undefined) expectBaseImage(flags.baseImage);
  if (/^https?:\/\//.test(name) || name === '-')
    throw new Fault('USAGE', `rehearse takes a file of this host, not ${name === '-' ? 'stdin' : 'a URL'}`, {
      hint: 'Download the image first.',
    });
  const image = await configuredImage(name, session);
  const baseImage = flags.baseImage?.toLowerCase() ?? image?.baseImage;
  if (!baseImage)
    throw new Fault('USAGE', 'A file needs --base-image: MAAS installs by the environment of that system', {
      hint: 'Add --base-image ubuntu/focal, or the system that the image is based on.',
    });
  const { config } = await loadConfig({ file: session.configFile, env, cwd: process.cwd() });
  const result = await rehearse({
    ...sizes,
    artifact: image?.path ?? name,
    baseImage,
    layout: flags.layout,
    until: flags.until,
    ...{ checks: null, shell: null, curtinConfig: null },
    kernelOptions: kernelOptions(flags.kernelOptions),
    // The tests take several, separated by colons; one is rehearsed with.
    curtin: flags.curtin ?? env.DGXOS_MAAS_CURTIN?.split(':').slice(0, 1).filter(Boolean) ?? [],
    ephemeral: flags.ephemeral ?? null,
    accelerator: flags.accelerator,
    keep: flags.keep === true,
    cache: config.cache,
    ...{ emit, signal },
  });
  session.data(result, () => rehearsalText(result, session.paint));
  if (!result.ok) session.exitCode = EXIT.validation;
}

function sizesOf({ memory, disks, diskSize }: RehearseFlags): {
  memory: number;
  disks: number;
  diskBytes: number | null;
} {
  const mebibytes = (parseSize(memory) ?? 0) / MIB;
  if (!Number.isInteger(mebibytes) || mebibytes < LEAST_MEMORY)
    throw refused('--memory', memory, 'a size of 1G or more, such as 3G');
  const count = /^\d{1,3}$/.test(disks) ? Number(disks) : 0;
  if (count < 1 || count > MOST_DISKS) throw refused('--disks', disks, `a number from 1 to ${MOST_DISKS}`);
  const bytes = diskSize === undefined ? null : parseSize(diskSize);
  if (diskSize !== undefined && (bytes === null || bytes < LEAST_DISK * 1024 ** 3 || bytes % MIB !== 0))
    throw refused('--disk-size', diskSize, `a size of ${LEAST_DISK}G or more, such as 64G`);
  return { memory: mebibytes, disks: count, diskBytes: bytes };
}

function kernelOptions(text: string): string {
  // A quotation mark would end the value in QEMU's file, and a line break the line of the kernel.
  if (/[^\x20-\x7e]|"/.test(text) || text.length > 1000)
    throw refused('--kernel-options', text, 'up to 1000 characters of ASCII without quotation marks');
  return text.trim();
}

function refused(option: string, value: string, accepts: string): Fault {
  return new Fault('USAGE', `${option} "${value}" is not accepted`, { hint: `Accepted: ${accepts}.` });
}
