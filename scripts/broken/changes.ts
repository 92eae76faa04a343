/** An image that must fail: the demo's with one change. */
export interface Change {
  name: string;
  does: string;
  /** Installed packages that are removed with their files and their entry of dpkg. */
  packages?: readonly string[];
  /** Members that are left out, by their path without a leading `./`. */
  leavesOut?: RegExp;
  /** Members that are written: with other text (undefined: there is none yet), or another mode. */
  writes?: Readonly<Record<string, { text?: (old: string | undefined) => string; mode?: number }>>;
}

const HOOK = 'curtin/curtin-hooks';
const STATUS = 'var/lib/dpkg/status';

const text =
  (content: string) =>
  (_old: string | undefined): string =>
    content;

/** The hook without its function for crash dumps. @throws Error when it has none */
function withoutCrashDumps(hook = ''): string {
  const without = hook
    .replace(/^def check_crash_dumps\([\s\S]*?(?=^def )/m, '')
    .replace(/^ +check_crash_dumps\(.*\n/m, '');
  if (without.includes('crash_dumps') || without === hook)
    throw new Error('the image’s hook is not that of dgxos-maas');
  return without;
}

/** kdump-tools as Ubuntu 24.04 and Debian 12 have it: without the script that curtin runs to switch crash dumps off. */
const OLD_KDUMP = `Package: kdump-tools
Status: install ok installed
Priority: optional
Section: admin
Installed-Size: 110
Maintainer: Demo <demo@example.com>
Architecture: amd64
Version: 1:1.8.1
Description: scripts and tools for automating kdump
`;

export const CHANGES: readonly Change[] = [
  { name: 'no-cloud-init', does: 'cloud-init is removed', packages: ['cloud-init'] },
  { name: 'no-netplan', does: 'netplan.io is removed', packages: ['netplan.io'] },
  {
    name: 'hook-not-executable',
    does: '/curtin/curtin-hooks has mode 0644',
    writes: { [HOOK]: { mode: 0o644 } },
  },
  {
    name: 'hook-installs-kernel',
    does: '/curtin/curtin-hooks installs linux-image-generic',
    writes: {
      [HOOK]: {
        text: text('#!/bin/sh\nexec chroot "$TARGET_MOUNT_POINT" apt-get install -y linux-image-generic\n'),
        mode: 0o755,
      },
    },
  },
  {
    name: 'kernel-without-modules',
    does: '/lib/modules is empty',
    leavesOut: /^(?:usr\/)?lib\/modules\/.+/,
  },
  {
    name: 'fstab-foreign-uuid',
    does: '/etc/fstab mounts /data by a UUID of another machine',
    writes: {
      'etc/fstab': { text: text('UUID=0b5f6c1e-52a7-4d5e-9a51-6d5b2c6ab001 /data ext4 defaults 0 2\n') },
    },
  },
  {
    name: 'datasource-early',
    does: '/etc/cloud/cloud.cfg.d/50-site.cfg has a datasource_list without MAAS',
    writes: {
      'etc/cloud/cloud.cfg.d/50-site.cfg': { text: text('datasource_list: [ NoCloud, None ]\n') },
    },
  },
  {
    name: 'datasource-late',
    does: '/etc/cloud/cloud.cfg.d/99-site.cfg has a datasource_list without MAAS',
    writes: {
      'etc/cloud/cloud.cfg.d/99-site.cfg': { text: text('datasource_list: [ NoCloud, None ]\n') },
    },
  },
  {
    name: 'old-kdump-tools',
    does: 'kdump-tools without kdump_set_default is installed, and the hook does not know that',
    writes: {
      [STATUS]: { text: (old) => `${old?.trimEnd() ?? ''}\n\n${OLD_KDUMP}` },
      [HOOK]: { text: withoutCrashDumps, mode: 0o755 },
    },
  },
  {
    name: 'dead-repository',
    does: 'a file in /etc/apt/sources.list.d names a repository that is not there',
    writes: {
      'etc/apt/sources.list.d/local.list': {
        text: text('deb [trusted=yes] file:/var/local-repository ./\n'),
      },
    },
  },
  {
    name: 'unreachable-repository',
    does: 'a file in /etc/apt/sources.list.d names an archive that nobody reaches',
    writes: {
      'etc/apt/sources.list.d/site.list': { text: text('deb http://archive.invalid/site stable main\n') },
    },
  },
  { name: 'no-lvm2', does: 'lvm2 is removed', packages: ['lvm2'] },
  { name: 'no-mdadm', does: 'mdadm is removed', packages: ['mdadm'] },
  {
    name: 'no-efi-packages',
    does: 'GRUB for EFI and shim are removed',
    packages: [
      'grub-efi-amd64',
      'grub-efi-amd64-bin',
      'grub-efi-amd64-signed',
      'shim-signed',
      'shim-signed-common',
      'shim-unsigned',
      'shim-helpers-amd64-signed',
    ],
  },
  {
    name: 'initrd-without-raid',
    does: 'mdadm’s hook for initrds is removed, so that no initrd has the RAID module',
    leavesOut: /^usr\/share\/initramfs-tools\/hooks\/mdadm$/,
  },
];
