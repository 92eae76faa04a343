#!/bin/sh
# cloud-init 26.1 took MAAS out of the data sources that ds-identify can test for; MAAS stayed in its built-in list.
#
# Packages: cloud-init 25.1.4-1+deb13u1 (Debian trixie) and 26.2-1 (Debian forky), unpacked, not installed.
# Behaviour: a datasource_list that names MAAS beside another source, with MAAS' own configuration in cloud.cfg.d, leads 25.1 to
#   MAAS. 26.2 says "No check method 'dscheck_MAAS'", finds no source and switches cloud-init off (exit 1). The same happens with a
#   list in block style or an empty one, which the script cannot read: it then goes through its own list. A list that names MAAS
#   alone is not tested at all and works with both.
# Seen: 25.1.4: exit 0, "datasource_list: [ MAAS ]" (or with None); 26.2: exit 1, and no source for the list of two.
# Why it matters: an image with `datasource_list: [ NoCloud, MAAS ]`, common in images that serve two clouds, deploys by MAAS until
#   an ordinary update brings cloud-init 26.1; then the machine stays in "Deploying". A good engineer would expect that a source named
#   in the list is looked for.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | grep -v security | head -n 1)
[ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n 1)

# fetch SUITE VERSION FOLDER: the package's files below $work/FOLDER
fetch() {
  apt="$work/apt-$1"
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$work/$3"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" >"$apt/sources.list"
  options="-o Dir::Etc::SourceList=$apt/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$apt/lists
    -o Dir::Cache=$apt -o APT::Sandbox::User=root -o Acquire::Languages=none"
  # shellcheck disable=SC2086 # a list of options
  apt-get -qq $options update
  # shellcheck disable=SC2086
  (cd "$apt" && apt-get -qq $options download "cloud-init=$2")
  dpkg-deb -x "$apt"/cloud-init_*.deb "$work/$3"
}

# In a container ds-identify looks for no machine's sources.
mkdir "$work/bin"
printf '#!/bin/sh\necho none\nexit 1\n' >"$work/bin/systemd-detect-virt"
chmod +x "$work/bin/systemd-detect-virt"

# ask FOLDER LIST: what ds-identify makes of a deployed machine whose image has this list; prints "EXIT first line of the result"
ask() {
  root="$work/root"
  rm -rf "$root"
  mkdir -p "$root/etc/cloud/cloud.cfg.d" "$root/run/cloud-init" "$root/proc" "$root/var/lib/cloud"
  echo 'ro' >"$root/proc/cmdline"
  echo 'users: [default]' >"$root/etc/cloud/cloud.cfg"
  printf 'datasource:\n  MAAS:\n    metadata_url: http://192.0.2.1/MAAS/metadata\n' >"$root/etc/cloud/cloud.cfg.d/95-maas.cfg"
  printf '%b\n' "$2" >"$root/etc/cloud/cloud.cfg.d/99-image.cfg"
  code=0
  PATH="$work/bin:$PATH" PATH_ROOT="$root" DI_LOG="$root/log" \
    sh "$work/$1/usr/lib/cloud-init/ds-identify" --force >"$root/out" 2>&1 || code=$?
  echo "$code $(head -n 1 "$root/run/cloud-init/cloud.cfg" 2>/dev/null)"
}

fetch trixie 25.1.4-1+deb13u1 old
fetch forky 26.2-1 new

failed=0
# expect WHAT SEEN PATTERN
expect() {
  # shellcheck disable=SC2254 # a pattern
  case $2 in
  $3) echo "as stated: $1: $2" ;;
  *)
    echo "changed: $1: $2 (was $3)"
    failed=1
    ;;
  esac
}
two='datasource_list: [ NoCloud, MAAS ]'
alone='datasource_list: [ MAAS ]'
block='datasource_list:\n  - MAAS'
expect '25.1, MAAS and another' "$(ask old "$two")" '0 *MAAS*'
expect '26.2, MAAS and another' "$(ask new "$two")" '1 *'
grep -qi "dscheck_MAAS" "$work/root/log" "$work/root/out" && echo 'as stated: 26.2 has no check method for MAAS'
expect '25.1, MAAS alone' "$(ask old "$alone")" '0 *MAAS*'
expect '26.2, MAAS alone' "$(ask new "$alone")" '0 *MAAS*'
expect '25.1, block style' "$(ask old "$block")" '0 *MAAS*'
expect '26.2, block style' "$(ask new "$block")" '1 *'
exit $failed
