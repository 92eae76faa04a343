#!/bin/sh
# Run by mmdebstrap as a hook, after root/customize.sh: the root $1 without archives of its own, as the repository files bring them.
set -eu
root=$1
rm -f "$root"/etc/apt/sources.list.d/*
: > "$root/etc/apt/sources.list"
