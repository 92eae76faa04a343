# Runs in the target. `add PACKAGES`: the distribution's archive beside the medium's own repository, when that does not hold all
# of them. `settle FILES`: the sources as the machine shall have them; FILES, below etc/apt, are the user's own and stay as they are.
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
action=$1
shift
case $action in
  add)
    # From the medium alone two builds install the same, and none waits for a network: reading the archive's lists takes longer
    # than all that the user wants from it, and under emulation minutes.
    if apt-get --simulate install --no-install-recommends "$@" > /dev/null 2>&1; then exit 0; fi
    archive > sources.list.d/build-archive.list
    # The VM may have no way out: then the medium's repository must do, and the install that follows says so.
    DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=1 -o Acquire::http::Timeout=20 update || true
    ;;
  settle)
    rm -f sources.list.d/build-archive.list
    # The medium's repository is gone on the machine: its lines would make every apt-get update fail there.
    gone='127\.0\.0\.1|localhost|\[::1\]|trusted=yes|file:|cdrom:'
    mine() {
      for each in "$@"; do
        if [ "$list" = "$each" ]; then return; fi
      done
      return 1
    }
    for list in sources.list sources.list.d/*.list; do
      if [ -f "$list" ] && ! mine "$@"; then sed -i -E "/^[[:space:]]*#?[[:space:]]*deb(-src)?[[:space:]].*($gone)/d" "$list"; fi
    done
    for list in sources.list.d/*.sources; do
      if [ -f "$list" ] && ! mine "$@" && grep -qiE "^(URIs:.*($gone)|Trusted:[[:space:]]*yes)" "$list"; then rm -f "$list"; fi
    done
    if ! grep -qsE '^[[:space:]]*deb[[:space:]]' sources.list && [ ! -e "sources.list.d/$ID.sources" ]; then
      archive > sources.list
    fi
    ;;
esac
