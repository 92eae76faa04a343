import { type Check, failOr } from './types.ts';

/** Disks that only the build machine had. */
export const STORAGE_CHECKS: Check[] = [
  {
    number: 24,
    id: 'fstab',
    title: 'Nothing names a disk of the build machine',
    wrong: 'disks of the build machine are named',
    severity: 'blocker',
    why: 'systemd waits for a UUID that does not exist and ends in emergency mode (packer-maas #362); for swap, resume and encrypted disks it waits 90 seconds at every boot.',
    fix: 'As the last step, empty /etc/fstab and /etc/crypttab, which curtin writes, and remove disks from /etc/mdadm/mdadm.conf, /etc/initramfs-tools/conf.d/resume, /etc/default/grub, units in /etc/systemd/system and the caches of LVM and ZFS.',
    reads: /^etc\/(?:fstab|crypttab|mdadm|initramfs-tools|default\/grub|lvm\/devices)/,
    evaluate: ({ storage }) =>
      failOr(
        storage.devices.map(({ file, line, text, subject, effect, reason }) => ({
          subject,
          text: `${file}:${line}: ${text} (${reason})`,
          ...(effect === 'stops'
            ? {}
            : { severity: effect === 'waits' ? ('major' as const) : ('warning' as const) }),
        })),
        'no disk named',
      ),
  },
];
