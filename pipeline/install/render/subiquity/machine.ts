import type { Architecture } from '../../../config/types.ts';

/** A VM that starts by UEFI. */
export interface Machine {
  /** QEMU's program. */
  qemu: string;
  type: string;
  /** The serial console, as the kernel names it. */
  console: string;
  /** The bus of the CD on a machine without IDE; the installer does not read it. */
  cdrom: string | null;
}

export const MACHINES: Record<Architecture, Machine> = {
  amd64: { qemu: 'qemu-system-x86_64', type: 'q35', console: 'ttyS0', cdrom: null },
  // `-drive media=cdrom` alone takes the first place of the disks there.
  arm64: { qemu: 'qemu-system-aarch64', type: 'virt', console: 'ttyAMA0', cdrom: 'virtio-scsi' },
};
