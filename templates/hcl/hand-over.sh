#!/bin/sh
# Runs in the live system as root, last of all: looks once more at what must not leave, then writes the root as a tar
# onto the second disk. The image leaves the VM by no file system, mount or network of the host's.
set -eu

fail() {
  echo "hand-over: $*" >&2
  exit 1
}

# A raw disk of the VM, or the file that is named.
disk=${HAND_OVER:-/dev/vdb}
target=${TARGET:-$(cat /run/build-target 2>/dev/null)} || fail "the installer did not say where its target is"
[ -e "$target/etc/os-release" ] || fail "no system is mounted at $target"
[ -n "${HAND_OVER:-}" ] || [ -b "$disk" ] || fail "$disk is missing: the VM has no second disk"
grep -q "^$disk" /proc/mounts && fail "$disk is mounted: the installer has used the second disk"

# Mounts of curtin's in-target may still be there; tar leaves mounts out, but needs the empty directories below them.
awk -v t="$target/" 'index($2, t) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do
  case ${mount#"$target"} in
    /dev | /dev/* | /proc | /proc/* | /sys | /sys/* | /run | /run/* | /tmp | /usr/bin/ischroot | /cdrom) umount "$mount" || umount -l "$mount" ;;
    # The ESP is of the build VM: the machine's is made at its deployment.
    /boot/efi) umount "$mount" ;;
    *) fail "$mount is a separate file system: it would be missing in the image" ;;
  esac
done

# Also after a hygiene step that did not do its work, none of these may leave.
[ ! -s "$target/etc/machine-id" ] || fail "/etc/machine-id is not empty"
for key in "$target"/etc/ssh/ssh_host_*; do
  [ ! -e "$key" ] || fail "${key#"$target"} is left"
done
case $(sed -n 's/^root:\([^:]*\):.*/\1/p' "$target/etc/shadow") in
  '*' | '!'*) ;;
  *) fail "root is not locked" ;;
esac
for dir in dev proc sys run tmp; do
  mkdir -p "$target/$dir"
  find "$target/$dir" -xdev -mindepth 1 -delete
done
# An installer that made them as mount points gave them its own umask.
chmod 0755 "$target/dev" "$target/proc" "$target/sys" "$target/run"
chmod 1777 "$target/tmp"

# Extended attributes carry capabilities and ACLs; --acls itself would write this system's user names into them.
# Access and change times, and the process id that tar puts into headers' names, are of the build, not of the image.
tar --format=posix --pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' --xattrs --xattrs-include='*' --numeric-owner --sort=name -S \
  --one-file-system -b 2048 --totals -C "$target" -cf "$disk" .
[ -n "${HAND_OVER:-}" ] || sync
echo "hand-over: done"
