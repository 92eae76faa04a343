#!/bin/sh
# A folder that is twice in a tar, as "d" and as "./d", has the mode of its last member; in an incremental archive, that of its first.
#
# Packages: tar 1.34 (Debian bookworm, with its updates).
# Behaviour: GNU tar sets the attributes of folders late. It finds an earlier member of the same folder by the spelling of its name, and two
#   spellings are two entries. In an ordinary archive the first entry is applied as soon as another folder begins, so the last one wins. A folder
#   of an incremental archive (`-g`) waits until the end, where entries are applied from the last to the first, so the first one wins. The same
#   goes for owner and group. tar says nothing in either case, and ends with 0.
# Seen: "ordinary 700", "incremental 755".
# Why it matters: images are made by `tar -r` or by concatenation, one part with names as "etc", another with "./etc". Whoever judges owners and
#   modes by "the last member counts" is right for all archives but these, and the listing of both is the same.
# Ends with 0 while that is so, with 1 when it no longer is.
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -q tar >/dev/null 2>&1
case $(dpkg-deb -f ./tar_*.deb Version) in
1.34+dfsg-*) ;;
*) echo 'another tar' >&2 && exit 1 ;;
esac
dpkg-deb -x ./tar_*.deb root
tar=$dir/root/bin/tar
mkdir -p site/d
chmod 755 site/d
seen=$(
  for kind in ordinary incremental; do
    set -- --format=gnu
    [ "$kind" = ordinary ] || set -- --format=gnu -g "$dir/list"
    "$tar" -C site "$@" -cf "$kind.tar" d
    "$tar" -C site --format=gnu --mode=0700 --no-recursion -rf "$kind.tar" ./d
    mkdir "$kind"
    "$tar" -C "$kind" -xpf "$kind.tar"
    echo "$kind $(stat -c %a "$kind/d")"
  done
)
echo "$seen"
[ "$seen" = "ordinary 700
incremental 755" ]
