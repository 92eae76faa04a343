import { type Check, failOr, type Item } from './types.ts';

/** Disks that only the build machine had. */
export const STORAGE_CHECKS: Check[] = [
  {
    number: 24,
    id: 'fstab',
    title: 'Nothing names a disk of the build machine',
    wrong: 'disks of the build machine are named',
    severity: 'blocker',
    why: 'systemd waits for a UUID that does not exist and ends in emergency mode (packer-maas #362); for swap, resume and encrypted disks it waits 90 seconds at every boot. In /etc/fstab it is a warning where curtin writes that file anew, which it does unless the image has a hook that does not call builtin_curthooks.',
    fix: 'As the last step, empty /etc/fstab and /etc/crypttab, and remove disks from /etc/mdadm/mdadm.conf, /etc/initramfs-tools/conf.d/resume, /etc/default/grub, units in /etc/systemd/system and the caches of LVM and ZFS.',
    reads: /^etc\/(?:fstab|crypttab|mdadm|initramfs-tools|default\/grub|lvm\/devices)/,
    evaluate({ storage, hook }) {
      // curthooks.copy_fstab, of 18.1 to 24: the file then has the machine's own mounts and nothing else. Only an image whose hook does not call
      // curtin's own keeps its file; /etc/crypttab stays the image's unless curtin has encrypted a disk.
      const renewed = hook === null || hook.does.builtin;
      const items = storage.devices.map(({ file, line, text, subject, effect, reason }): Item => {
        const lost = renewed && file === '/etc/fstab';
        return {
          subject,
          text: `${file}:${line}: ${text} (${lost ? 'curtin writes the file anew' : reason})`,
          ...(lost || effect === 'nothing'
            ? { severity: 'warning' }
            : effect === 'waits'
              ? { severity: 'major' }
              : {}),
        };
      });
      return failOr(items, 'no disk named');
    },
  },
];
