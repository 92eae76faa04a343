#!/bin/sh
# Turns the freshly installed root ($1) into what a vendor's cloud image is: no identity, no secret, no trace of this host.
set -eu
root=$1

rm -f "$root"/etc/ssh/ssh_host_*
sed -i 's/^root:[^:]*:/root:*:/' "$root/etc/shadow"
echo debian > "$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n' > "$root/etc/hosts"
# Debian's open-iscsi makes a name of its own at the first start when it reads this.
echo 'GenerateName=yes' > "$root/etc/iscsi/initiatorname.iscsi"
rm -f "$root/var/lib/systemd/random-seed" "$root/etc/fstab"

# As Ubuntu's cloud images have it; the installer's late commands expect the upgrade prompt's file.
printf 'PasswordAuthentication no\n' > "$root/etc/ssh/sshd_config.d/60-cloudimg-settings.conf"
mkdir -p "$root/etc/update-manager"
printf '[DEFAULT]\nPrompt=lts\n' > "$root/etc/update-manager/release-upgrades"

# A locale to generate would cost an emulated machine half a minute of its first boot.
echo 'locale: C.UTF-8' > "$root/etc/cloud/cloud.cfg.d/01_demo.cfg"

# Options for making this root only, not for those who use it.
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"
mv "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$root/etc/dpkg/dpkg.cfg.d/demo-excludes"
find "$root/run" -mindepth 1 -delete
