import type { Accelerator } from '../accelerator.ts';

/**
 * The x86 processor that is emulated, of level x86-64-v2. Not QEMU's default, that of 2006, and not `max`: it says that `rep movsb` is fast (ERMS), so
 * that Linux and glibc copy by it, a byte at a time. Not Intel's: Linux guards those against Meltdown, and each system call then empties the
 * translations of addresses twice.
 */
const EMULATED = 'qemu64,+cx16,+lahf-lm,+popcnt,+ssse3,+sse4.1,+sse4.2';

/** QEMU's name of a VM's processor, for -cpu. */
export function processorOf(accelerator: Accelerator, architecture: 'amd64' | 'arm64'): string {
  if (accelerator === 'kvm') return 'host';
  return architecture === 'amd64' ? EMULATED : 'max';
}
