#!/bin/sh
# Downloads packages of the suite, without installing them, to /download of the root $1: the kernel named $2 and the others.
# Run by mmdebstrap as a hook, with the apt configuration it made.
set -eu
root=$1 kernel=$2
shift 2
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
mkdir -p "$root/download/kernel" "$root/download/repository"
# The named package only depends on the kernel of the day.
image=$(apt-cache depends "$kernel" | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p')
(cd "$root/download/kernel" && apt-get -qq -o APT::Sandbox::User=root download "$image")
(cd "$root/download/repository" && apt-get -qq -o APT::Sandbox::User=root download "$@")
