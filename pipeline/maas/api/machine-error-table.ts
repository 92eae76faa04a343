import type { MaasErrorRow } from './maas-error-table.ts';

/**
 * What MAAS says no with where machines are meant. Answers of 409 and 503 pass by themselves elsewhere; these stay as they
 * are until somebody acts.
 */
export const MACHINE_ERRORS: readonly MaasErrorRow[] = [
  {
    id: 'machine-deploy-state',
    status: 409,
    says: /Can't deploy a machine that is in the '(.+?)' state/,
    code: 'MACHINE_STATE',
    sentence: 'MAAS deploys no machine that is $1',
    remedy: 'Only Ready and Allocated machines are deployed: dgxos-maas machines list shows where it is.',
  },
  {
    id: 'machine-release-state',
    status: 409,
    says: /Machine(?:\(s\))? cannot be released in (?:its|their) current state:? ?(.*?)\.?$/m,
    code: 'MACHINE_STATE',
    sentence: 'MAAS does not release it as it is $1',
    remedy: 'Wait until it is at rest, or abort what it does in MAAS.',
  },
  {
    id: 'machine-other-user',
    status: 409,
    says: /Can't allocate a machine belonging to another user/,
    code: 'MACHINE_STATE',
    sentence: 'The machine belongs to another user',
    remedy: 'Use the key of that user, or have it released.',
  },
  {
    id: 'machine-not-allocated',
    status: 409,
    says: /Can't start node: it hasn't been allocated/,
    code: 'MACHINE_STATE',
    sentence: 'MAAS turns on only machines that somebody has',
    remedy: 'Commissioning and deploying turn it on by themselves.',
  },
  {
    id: 'machine-none',
    status: 409,
    says: /No (?:available )?machine\b/,
    code: 'MACHINE_UNAVAILABLE',
    sentence: 'No machine is free that fits',
    remedy: 'dgxos-maas machines list --status ready shows the free ones.',
  },
  {
    id: 'machine-storage-state',
    status: 409,
    says: /Cannot change the storage layout on a machine that is not Ready/,
    code: 'MACHINE_STATE',
    sentence: 'MAAS lays out disks of Ready machines only',
    remedy: 'Release the machine first.',
  },
  {
    id: 'machine-transition',
    status: 409,
    says: /^(?:Invalid transition: |Can(?:'|no)t |Unable to |Machine is )(.{0,300})/,
    code: 'MACHINE_STATE',
    sentence: 'The machine is in a state in which that cannot be done ($1)',
    remedy: 'dgxos-maas machines list shows where it is.',
  },
  {
    id: 'commission-state',
    status: 400,
    says: /Commission is not available because of the current state/,
    code: 'MACHINE_STATE',
    sentence: 'The machine is in a state in which it cannot be commissioned',
    remedy: 'New, Ready, failed and broken machines are commissioned; release a deployed one first.',
  },
  {
    id: 'commission-image',
    status: 400,
    says: /Ephemeral operating system (\S+ \S+) is unavailable/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS has no image of $1, which machines boot for commissioning',
    remedy: 'Import it (MAAS, Images; or images: of the site file), then run again.',
  },
  {
    id: 'distro-series',
    status: 400,
    says: /'(.*?)' is not a valid distro_series\.\s+It should be one of: (.{0,400})/s,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS has no image "$1" that it can deploy',
    remedy: 'It offers: $2',
  },
  // Nobody has asked for a kernel: there is none to begin with.
  {
    id: 'kernel-none',
    status: 400,
    says: /hwe_kernel: (\S{1,100}) has no kernels available\./,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS has no kernel of Ubuntu $1 for this machine, which the installation starts with',
    remedy:
      "Import Ubuntu $1 for the machine's architecture (MAAS, Images; or boot_sources of the site file), then run again.",
  },
  {
    id: 'kernel-minimum',
    status: 400,
    says: /hwe_kernel: (\S{1,100}) has no kernels available which meet min_hwe_kernel\((.{1,100}?)\)/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS has no kernel of Ubuntu $1 that is as new as the machine asks for ($2)',
    remedy: "Lower the machine's minimal kernel in MAAS, or import a series that has such a kernel.",
  },
  {
    id: 'hwe-kernel',
    status: 400,
    says: /hwe_kernel: (.{0,300})/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS does not deploy with the kernel that is asked for: $1',
    remedy: 'Ask for a kernel that MAAS has, or for none: then MAAS chooses one.',
  },
  {
    id: 'storage-layout',
    status: 400,
    says: /storage_layout: (.{0,300})|Failed to configure storage layout '(.+?)'(.{0,200})|Machine is missing a boot disk/,
    code: 'MAAS_REFUSED',
    sentence: 'MAAS cannot lay the disks out so: $1$2$3',
    remedy: 'Layouts are flat, lvm, bcache, vmfs6, vmfs7, custom and blank; the machine needs a disk.',
  },
  {
    id: 'storage-issues',
    status: 400,
    says: /(UEFI system requires a \/boot\/efi filesystem|Mount the root '\/' filesystem|Specify a storage device|no storage devices)/,
    code: 'MACHINE_NO_EFI',
    sentence: 'The storage layout of the machine does not do: $1',
    remedy:
      'Lay its disks out anew, in MAAS or by: dgxos-maas machines deploy NAME --image IMAGE --storage-layout flat.',
  },
  {
    id: 'power-type-none',
    status: 503,
    says: /Unconfigured power type/,
    code: 'MACHINE_STATE',
    sentence: 'MAAS does not know how to control its power',
    remedy: 'dgxos-maas machines power set NAME --power-type ipmi --power power_address=… (or manual)',
  },
  {
    id: 'no-rack',
    status: 503,
    says: /(?:Unable to connect to any rack controller|No rack controllers can access the BMC|not connected to any rack)/i,
    code: 'MAAS_REFUSED',
    sentence: 'No rack controller reaches the BMC of the machine',
    remedy:
      'Check that a rack controller runs (MAAS, Controllers) and has a way into the network of the BMC.',
  },
];
