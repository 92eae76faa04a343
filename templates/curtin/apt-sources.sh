# Runs in the target. `add`: the distribution's archive beside the medium's own repository, for packages that the
# medium does not hold. `settle`: the sources as the machine shall have them.
set -e
umask 022
cd /
. ./etc/os-release
cd etc/apt
archive() {
  case $ID in
    ubuntu)
      case $(dpkg --print-architecture) in
        amd64 | i386) main=http://archive.ubuntu.com/ubuntu security=http://security.ubuntu.com/ubuntu ;;
        *) main=http://ports.ubuntu.com/ubuntu-ports security=http://ports.ubuntu.com/ubuntu-ports ;;
      esac
      components='main restricted universe multiverse'
      updates="$VERSION_CODENAME-updates"
      ;;
    debian)
      main=http://deb.debian.org/debian security=http://deb.debian.org/debian-security
      components=main
      updates="$VERSION_CODENAME-updates"
      ;;
    *)
      echo "no archive known for $ID" >&2
      exit 1
      ;;
  esac
  echo "deb $main $VERSION_CODENAME $components"
  echo "deb $main $updates $components"
  echo "deb $security $VERSION_CODENAME-security $components"
}
case $1 in
  add)
    archive > sources.list.d/build-archive.list
    # The VM may have no way out: then the medium's repository must do, and the install that follows says so.
    DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=1 -o Acquire::http::Timeout=20 update || true
    ;;
  settle)
    rm -f sources.list.d/build-archive.list
    # The medium's repository is gone on the machine: its lines would make every apt-get update fail there.
    gone='127\.0\.0\.1|localhost|\[::1\]|trusted=yes|file:|cdrom:'
    for list in sources.list sources.list.d/*.list; do
      if [ -f "$list" ]; then sed -i -E "/^[[:space:]]*#?[[:space:]]*deb(-src)?[[:space:]].*($gone)/d" "$list"; fi
    done
    for stanzas in sources.list.d/*.sources; do
      if [ -f "$stanzas" ] && grep -qiE "^(URIs:.*($gone)|Trusted:[[:space:]]*yes)" "$stanzas"; then rm -f "$stanzas"; fi
    done
    if ! grep -qsE '^[[:space:]]*deb[[:space:]]' sources.list && [ ! -e "sources.list.d/$ID.sources" ]; then
      archive > sources.list
    fi
    ;;
esac
