#!/bin/sh
# Run by mmdebstrap as a hook: downloads to /download of the root $1 what an installation of the other arguments would fetch.
set -eu
root=$1
shift
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
mkdir -p "$root/download/partial"
apt-get -qq -y --download-only -o APT::Sandbox::User=root -o Dir::Cache::archives="$root/download/" install "$@"
rm -rf "$root/download/partial" "$root/download/lock"
