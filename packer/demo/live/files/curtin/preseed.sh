#!/bin/bash
# Reads the kernel parameters, chooses and completes the curtin configuration, and runs curtin.
# Progress goes to the serial console as lines "dgxos-installer: …", which the host follows.
set -u
CMDLINE=${DEMO_CMDLINE:-/proc/cmdline}
CURTIN=${DEMO_CURTIN:-/curtin}
RUN=${DEMO_RUN:-/run/demo-installer}
CONSOLE=${DEMO_CONSOLE:-/dev/ttyS0}
[ -w "$CONSOLE" ] || CONSOLE=/dev/console

say() { printf 'dgxos-installer: %s\n' "$*" >> "$CONSOLE"; }
fail() { say "FAILED preseed rc=1: $*"; exit 1; }

platforms() { (cd "$CURTIN" && printf '%s\n' *-curtin.yaml | sed 's/-curtin\.yaml$//' | paste -sd' '); }

read_parameters() {
  url='' platform='' disk='' network='' off=''
  local parameter
  for parameter in $(< "$CMDLINE"); do
    case $parameter in
      force-curtin=*) url=${parameter#*=} ;;
      force-platform=*) platform=${parameter#*=} ;;
      force-bootdisk=*) disk=${parameter#*=} ;;
      force-*) fail "unknown kernel parameter ${parameter%%=*}; known are force-curtin, force-platform, force-bootdisk" ;;
      start-systemd-networkd) network=yes ;;
      offwhendone) off=yes ;;
      no-mlnx-fw-update | rebuild-raid | no-rebuild-raid) ;; # the demo has neither such cards nor a data RAID
    esac
  done
  [ -n "$platform" ] || fail "no force-platform= given; this medium has: $(platforms)"
  [ -f "$CURTIN/$platform-curtin.yaml" ] || fail "unknown platform $platform; this medium has: $(platforms)"
}

# First whole disk that is neither removable nor read-only.
first_disk() {
  local sys
  for sys in /sys/block/{vd,sd,nvme}*; do
    [ -e "$sys" ] && [ "$(< "$sys/removable")" = 0 ] && [ "$(< "$sys/ro")" = 0 ] && { basename "$sys"; return; }
  done
}

start_network() {
  systemctl start systemd-networkd || fail 'systemd-networkd did not start'
  local address='' tries=0
  until address=$(ip -4 -o addr show scope global | awk 'NR == 1 {print $2, $4}') && [ -n "$address" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 150 ] || fail 'no address by DHCP within 30 s'
    sleep 0.2
  done
  sed -n 's/^DNS=//p' /run/systemd/netif/state | tr ' ' '\n' | sed -n 's/./nameserver &/p' > /etc/resolv.conf
  say "network $address"
}

choose_config() {
  if [ -z "$url" ]; then
    cp "$CURTIN/$platform-curtin.yaml" "$RUN/template.yaml"
    say "config of the platform $platform"
    return
  fi
  curl --fail --silent --show-error --max-time 20 --retry 10 --retry-delay 1 --retry-connrefused \
    --output "$RUN/template.yaml" "$url" 2> "$RUN/curl.log" || fail "cannot fetch $url: $(tail -n 1 "$RUN/curl.log")"
  say "config fetched $url"
}

# One sed expression that puts the text $2 in place of the token $1, whatever the text holds.
replacement() { printf 's\1%s\1%s\1g\n' "$1" "$(printf '%s' "$2" | tr -d '\001\n' | sed 's/[&\\]/\\&/g')"; }

replace_tokens() {
  local DESCRIPTION='' PACKAGES='' serial='' sol='' distro
  . "$CURTIN/platforms/$platform.conf"
  distro=$(. /etc/os-release && echo "$VERSION_CODENAME")
  [ -r /sys/class/dmi/id/product_serial ] && serial=$(< /sys/class/dmi/id/product_serial)
  [ -e /dev/ipmi0 ] && sol='console=ttyS1,115200n8'
  {
    replacement CHANGE_INSTALL_PKGS "$PACKAGES"
    replacement CHANGE_DISTRO "$distro"
    replacement CHANGE_DESC_PLATFORM "$DESCRIPTION"
    replacement CHANGE_SERIAL_NUMBER "$serial"
    replacement CHANGE_IPMISOL "$sol"
  } > "$RUN/tokens.sed"
  sed -f "$RUN/tokens.sed" "$RUN/template.yaml" > "$RUN/curtin.yaml"
}

main() {
  umask 077
  mkdir -p "$RUN"
  read_parameters
  [ -n "$disk" ] || disk=$(first_disk)
  [ -b "/dev/$disk" ] || fail "no disk ${disk:-at all}"
  say "start platform=$platform disk=$disk uptime=$(cut -d. -f1 /proc/uptime)s"
  if [ -n "$network" ]; then start_network; fi
  choose_config
  replace_tokens
  curtin install --config "$RUN/curtin.yaml" --set "json:block-meta/devices=[\"/dev/$disk\"]" || exit 1
  if [ -n "$off" ]; then systemctl poweroff; fi
}

[ "${BASH_SOURCE[0]}" != "$0" ] || main
