#!/bin/sh
# Run by mmdebstrap as its customize hook on the root $1: the system's own files, and nothing that starts but what a deployment needs.
set -eu
root=$1
here=$(dirname "$0")
cp -R "$here/files/." "$root/"
chmod 755 "$root/usr/lib/rehearsal/run-installer"
echo rehearsal >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n127.0.1.1\trehearsal\n' >"$root/etc/hosts"
sed -i 's/^root:[^:]*:/root:*:/' "$root/etc/shadow"
units=$root/etc/systemd/system
mkdir -p "$units/multi-user.target.wants" "$units/sockets.target.wants"
ln -sf /etc/systemd/system/rehearsal.service "$units/multi-user.target.wants/rehearsal.service"
ln -sf /lib/systemd/system/systemd-networkd.service "$units/multi-user.target.wants/systemd-networkd.service"
# Arrays, volumes and caches of the disks are curtin's business, as in MAAS' own system.
for unit in systemd-hwdb-update systemd-journal-catalog-update systemd-update-done systemd-pstore systemd-firstboot \
  systemd-machine-id-commit systemd-random-seed systemd-journal-flush systemd-sysusers systemd-networkd-wait-online \
  systemd-update-utmp systemd-update-utmp-runlevel e2scrub_reap ldconfig iscsid open-iscsi nvmf-autoconnect \
  mdmonitor-oneshot mdcheck_start mdcheck_continue lvm2-monitor blk-availability getty@tty1 serial-getty@ttyS0; do
  ln -sf /dev/null "$units/$unit.service"
done
for timer in e2scrub_all fstrim dpkg-db-backup systemd-tmpfiles-clean mdcheck_start mdcheck_continue mdmonitor-oneshot; do
  ln -sf /dev/null "$units/$timer.timer"
done
# The root is on none of them, and raid456 measures the processor each time it is loaded.
for name in bcache btrfs dmsetup iscsi lvm2 mdadm resume xfs; do
  rm -f "$root/usr/share/initramfs-tools/hooks/$name" "$root"/usr/share/initramfs-tools/scripts/*/"$name"
done
chroot "$root" update-initramfs -u
rm -rf "$root"/usr/share/i18n "$root"/usr/share/bash-completion "$root"/usr/share/locale "$root"/usr/share/doc \
  "$root"/usr/share/man "$root"/var/lib/apt/lists "$root"/var/cache
mkdir -p "$root/var/cache" "$root/var/lib/apt/lists/partial"
rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf"
: >"$root/etc/resolv.conf"
# Packed here, where the owners are the root's own. lz4: reading is what an emulated machine is slow at.
out=$root/rehearsal
mkdir "$out"
mv "$root"/boot/vmlinuz-* "$out/vmlinuz"
mv "$root"/boot/initrd.img-* "$out/initrd"
mksquashfs "$root" "$out/filesystem.squashfs" -comp lz4 -no-progress -quiet -wildcards \
  -e rehearsal 'boot/*' 'proc/*' 'sys/*' 'dev/*' 'run/*' 'tmp/*'
