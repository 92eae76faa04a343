import type { ImageFacts, Kernel } from '../facts/facts.ts';
import { type Changes, compareByKey } from './keyed.ts';

type Default = ImageFacts['boot']['defaultKernel'];

export interface KernelChanges extends Changes<Kernel> {
  /** The kernel that GRUB starts, where it is another; null: the same, or not known. */
  started: { before: string | null; after: string | null } | null;
}

/** Kernels by version; one of the same version has changed when its files or modules came or went. */
export function compareKernels(
  before: { kernels: readonly Kernel[]; started: Default | undefined },
  after: { kernels: readonly Kernel[]; started: Default | undefined },
): KernelChanges {
  const changes = compareByKey(
    before.kernels,
    after.kernels,
    (kernel) => kernel.version,
    (a, b) => kernelParts(a) === kernelParts(b),
  );
  const known = before.started !== undefined && after.started !== undefined;
  const [was, is] = [before.started?.version ?? null, after.started?.version ?? null];
  return { ...changes, started: known && was !== is ? { before: was, after: is } : null };
}

/** "vmlinuz, initrd, modules, nvidia.ko": what there is of a kernel. */
export function kernelParts(kernel: Kernel): string {
  const parts = [
    kernel.image !== null && 'vmlinuz',
    kernel.initrd !== null && 'initrd',
    kernel.modules && (kernel.modulesDep ? 'modules' : 'modules without modules.dep'),
    kernel.nvidia && 'nvidia.ko',
  ].filter(Boolean);
  return parts.join(', ') || 'nothing';
}
