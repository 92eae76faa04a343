import { Fault } from '../../core/faults/fault.ts';
import type { Machine } from './types.ts';

/**
 * Reasons why an image with an EFI boot loader does not boot on a machine: MAAS lays out a custom image's disks as they are
 * configured and does not complain of a missing /boot/efi (it does for its own Ubuntu).
 * @param newLayout the disks are laid out anew before the deployment, so only the firmware counts
 */
export function efiFault(machine: Machine, newLayout = false): Fault | undefined {
  const { hostname, bootMethod, mounts } = machine;
  if (bootMethod !== null && bootMethod !== 'uefi')
    return new Fault(
      'MACHINE_NO_EFI',
      `${hostname} boots in BIOS mode (${bootMethod}), and the image boots by UEFI`,
      {
        hint: `Set its firmware to UEFI and run: dgxos-maas machines commission ${hostname}. (machines deploy --force deploys it anyway.)`,
      },
    );
  if (newLayout || mounts.includes('/boot/efi')) return undefined;
  const has = mounts.length ? `it mounts ${mounts.join(', ')}` : 'it mounts nothing';
  return new Fault(
    'MACHINE_NO_EFI',
    `${hostname} has no partition at /boot/efi in its storage layout (${has})`,
    {
      hint: `dgxos-maas machines deploy ${hostname} --image IMAGE --storage-layout flat gives it one; machines deploy --force deploys it anyway.`,
    },
  );
}
