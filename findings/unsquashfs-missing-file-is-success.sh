#!/bin/sh
# unsquashfs that is asked for a file which is not in the image says nothing and ends with 0, with -strict-errors too.
#
# Packages: squashfs-tools 1:4.5.1-1 (Debian bookworm) and 1:4.6.1-1 (Debian trixie), unpacked, not installed.
# Behaviour: `unsquashfs -d OUT IMAGE FILE` takes FILE as a pattern of what to extract. Where nothing matches it makes an empty OUT,
#   reports "0 inodes (0 blocks) to write", and ends with 0; where another name matches, the missing one is not mentioned.
#   `-strict-errors` ("treat all errors as fatal") changes nothing, as nothing counts as an error. `-cat` of the same name ends
#   with 2 and "no matches for".
# Seen, both versions: extract: 0; with -strict-errors: 0; beside a name that is there: 0; -cat: 2
# Why it matters: a script that takes a kernel or a configuration out of a live medium under `set -e` goes on without it, when the
#   medium's next release has moved the file. tar and xorriso fail on a name that is not there, and so does -cat.
# Ends with 0 while that is so, with 1 when it no longer is.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | grep -v security | head -n 1)
[ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n 1)

# fetch SUITE VERSION: the package's files below $work/SUITE
fetch() {
  apt="$work/apt-$1"
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$work/$1"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" >"$apt/sources.list"
  options="-o Dir::Etc::SourceList=$apt/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$apt/lists
    -o Dir::Cache=$apt -o APT::Sandbox::User=root -o Acquire::Languages=none"
  # shellcheck disable=SC2086 # a list of options
  apt-get -qq $options update
  # shellcheck disable=SC2086
  (cd "$apt" && apt-get -qq $options download "squashfs-tools=$2")
  dpkg-deb -x "$apt"/squashfs-tools_*.deb "$work/$1"
}

failed=0
# expect CODE WHAT COMMAND…
expect() {
  wanted=$1 what=$2
  shift 2
  rm -rf "$work/out"
  code=0
  "$@" >"$work/log" 2>&1 || code=$?
  said=$(grep -ciE 'no match|not found|no such|fail|error' "$work/log" || true)
  if [ "$code" = "$wanted" ] && { [ "$wanted" != 0 ] || [ "$said" = 0 ]; }; then
    echo "as stated: $what: exit $code"
  else
    echo "changed: $what: exit $code (was $wanted), $said lines about it"
    failed=1
  fi
}

mkdir "$work/root"
echo here >"$work/root/vmlinuz"
for one in bookworm=1:4.5.1-1 trixie=1:4.6.1-1; do
  suite=${one%%=*}
  fetch "$suite" "${one#*=}"
  bin="$work/$suite/usr/bin"
  "$bin/mksquashfs" "$work/root" "$work/$suite.squashfs" -quiet -no-progress >/dev/null
  "$bin/unsquashfs" -version | head -n 1
  image="$work/$suite.squashfs"
  expect 0 'a file that is not there' "$bin/unsquashfs" -d "$work/out" "$image" boot/vmlinuz
  [ -d "$work/out" ] && [ -z "$(ls -A "$work/out")" ] && echo 'as stated: an empty folder is made'
  expect 0 'the same with -strict-errors' "$bin/unsquashfs" -strict-errors -d "$work/out" "$image" boot/vmlinuz
  expect 0 'beside one that is there' "$bin/unsquashfs" -d "$work/out" "$image" vmlinuz boot/vmlinuz
  expect 2 '-cat' "$bin/unsquashfs" -cat "$image" boot/vmlinuz
done
exit $failed
