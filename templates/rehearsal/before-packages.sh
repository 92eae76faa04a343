#!/bin/sh
# Run by mmdebstrap as its essential hook on the root $1: what the initrd should have, written before the first kernel makes one.
# Further arguments are the modules that find and mount the root.
set -eu
root=$1
shift
mkdir -p "$root/etc/initramfs-tools/conf.d"
# Neither what this host has nor everything: a third of the bytes that an emulated machine unpacks.
echo 'MODULES=list' >"$root/etc/initramfs-tools/conf.d/rehearsal"
echo 'COMPRESS=lz4' >>"$root/etc/initramfs-tools/conf.d/rehearsal"
printf '%s\n' "$@" >"$root/etc/initramfs-tools/modules"
