import { ADDED_MODULE_CHECKS } from './added-modules.ts';
import { APT_CHECKS } from './apt.ts';
import { ARCHITECTURE_CHECKS } from './architecture.ts';
import { ARCHIVE_CHECKS } from './archive.ts';
import { BOOT_KERNEL_CHECKS } from './boot-kernels.ts';
import { CLOUD_CHECKS } from './cloud.ts';
import { DEPLOYMENT_CHECKS } from './deployment.ts';
import { DGX_CHECKS } from './dgx.ts';
import { DRIVER_CHECKS } from './driver.ts';
import { HYGIENE_CHECKS } from './hygiene.ts';
import { INITRD_CHECKS } from './initrd.ts';
import { KERNEL_CHECKS } from './kernel.ts';
import { MAAS_CHECKS } from './maas.ts';
import { NETWORK_CHECKS } from './network.ts';
import { PACKAGE_CHECKS } from './packages.ts';
import { SECURITY_CHECKS } from './security.ts';
import { STORAGE_CHECKS } from './storage.ts';
import type { Check } from './types.ts';

/** All checks of an image for MAAS, in the order of their numbers. */
export const CHECKS: readonly Check[] = [
  ...ARCHIVE_CHECKS,
  ...ARCHITECTURE_CHECKS,
  ...PACKAGE_CHECKS,
  ...KERNEL_CHECKS,
  ...BOOT_KERNEL_CHECKS,
  ...INITRD_CHECKS,
  ...SECURITY_CHECKS,
  ...CLOUD_CHECKS,
  ...APT_CHECKS,
  ...STORAGE_CHECKS,
  ...NETWORK_CHECKS,
  ...MAAS_CHECKS,
  ...DGX_CHECKS,
  ...DRIVER_CHECKS,
  ...ADDED_MODULE_CHECKS,
  ...HYGIENE_CHECKS,
  ...DEPLOYMENT_CHECKS,
].sort((a, b) => a.number - b.number);
