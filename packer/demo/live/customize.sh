#!/bin/sh
# Turns the freshly installed live system ($1) into the installer's: quick to boot, without keys or package manager.
set -eu
live=$1

rm -f "$live"/etc/ssh/ssh_host_* "$live/etc/fstab"
sed -i 's/^root:[^:]*:/root:*:/' "$live/etc/shadow"
echo demo-installer > "$live/etc/hostname"
printf '127.0.0.1\tlocalhost demo-installer\n' > "$live/etc/hosts"

# The two lines that a curtin.yaml edits to let root in, as Ubuntu's images have them; one quick host key.
sed -i -e 's/^#PasswordAuthentication .*/PasswordAuthentication no/' \
  -e 's,^#HostKey /etc/ssh/ssh_host_ed25519_key,HostKey /etc/ssh/ssh_host_ed25519_key,' "$live/etc/ssh/sshd_config"
grep -q '^#PermitRootLogin prohibit-password' "$live/etc/ssh/sshd_config"
grep -q '^PasswordAuthentication no' "$live/etc/ssh/sshd_config"

units=$live/etc/systemd/system
mkdir -p "$units/multi-user.target.wants"
for unit in demo-installer demo-repository; do
  ln -sf "/etc/systemd/system/$unit.service" "$units/multi-user.target.wants/$unit.service"
done
for unit in systemd-hwdb-update systemd-journal-catalog-update systemd-update-done systemd-pstore systemd-firstboot \
  systemd-machine-id-commit systemd-random-seed systemd-journal-flush systemd-sysusers systemd-networkd-wait-online \
  systemd-update-utmp systemd-update-utmp-runlevel e2scrub_reap ldconfig; do
  ln -sf /dev/null "$units/$unit.service"
done
for timer in e2scrub_all fstrim dpkg-db-backup systemd-tmpfiles-clean; do
  ln -sf /dev/null "$units/$timer.timer"
done

rm -rf "$live"/usr/lib/udev/hwdb.bin "$live"/usr/lib/udev/hwdb.d "$live"/usr/share/perl "$live"/usr/lib/*/perl \
  "$live"/usr/share/i18n "$live"/usr/share/zoneinfo "$live"/usr/share/bash-completion \
  "$live"/var/lib/apt "$live"/var/cache "$live"/var/lib/dpkg/info
mkdir -p "$live/var/cache"
