# Rendered by dgxos-maas. Sourced by the first process of the namespaces: makes a folder, $root, a system in which programs run, with
# no service, device or network of this host. $log is the console, $OUTPUT the folder of the logs.
say() { printf 'namespace: %s\n' "$*" >> "$log"; }
fail() { printf 'namespace: FAILED %s\n' "$*" >> "$log"; printf 'namespace: %s\n' "$*" >&2; exit 1; }

# A file of the system that is another one while this runs. A link, also one in the path, is followed inside it.
over() { # path, file
  local at
  at=$(chroot "$root" readlink -f "$1") || return 0
  [ ! -e "$root$at" ] || mount --bind "$2" "$root$at"
}

mount_system() {
  local dir node console
  mount --bind "$root" "$root"
  for dir in proc sys dev run tmp; do mkdir -p "$root/$dir"; done
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
  # Name and serial number of this host are not those of the machine that the image is for.
  if [ -d "$root/sys/devices/virtual/dmi" ]; then mount -t tmpfs -o ro,size=4k dmi "$root/sys/devices/virtual/dmi"; fi
  # Settings of the kernel are the host's.
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
  mount -t tmpfs -o mode=0755,size=1M dev "$root/dev"
  mkdir "$root/dev/pts" "$root/dev/shm"
  for node in null zero full random urandom tty; do
    : > "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  for node in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${node%:*}" "$root/dev/${node#*:}"; done
  for console in console ttyS0; do
    : > "$root/dev/$console"
    mount --bind "$log" "$root/dev/$console"
  done
  mount -t tmpfs -o mode=0755 run "$root/run"
  mount -t tmpfs -o mode=1777 tmp "$root/tmp"
  mkdir -p "$root/run/build/output"
  mount --bind "$OUTPUT" "$root/run/build/output"
  chroot "$root" ip link set lo up 2> /dev/null || ip link set lo up || fail 'the loopback interface cannot be brought up'
}

# No service runs here: whoever starts or stops one is content, and it is noted.
no_services() {
  local program dir
  printf '#!/bin/sh\necho "$0 $*" >> /run/build/services.log\n' > "$root/run/build/services"
  chmod 0755 "$root/run/build/services"
  for program in systemctl service start-stop-daemon invoke-rc.d udevadm modprobe; do
    for dir in /usr/bin /usr/sbin; do over "$dir/$program" "$root/run/build/services"; done
  done
}

# Servers on the loopback of these namespaces, which belongs to nobody else: each is three words for servers.py.
servers=()
start_servers() {
  [ ${#servers[@]} != 0 ] || return 0
  cp "${BASH_SOURCE[0]%/*}/servers.py" "$root/run/build/servers.py"
  exec {listening}< <(exec chroot "$root" python3 -I /run/build/servers.py "${servers[@]}" 2> "$OUTPUT/servers.log")
}

# Waits until all that can be served is; `served` has the ports. What starts meanwhile need not wait.
served=' '
await_servers() {
  local port
  [ ${#servers[@]} != 0 ] || return 0
  while read -r port <&"$listening"; do served+="$port "; done
  exec {listening}<&-
}
serves() { [[ $served == *" $1 "* ]]; } # port

# The way out: a relay to the socket in $ARCHIVES, behind which dgxos-maas fetches. What it adds to an environment is in `proxy`: no
# file of the image names it.
RELAY_PORT=3142
proxy=()
way_out() {
  [ -n "${ARCHIVES:-}" ] || return 0
  mkdir "$root/run/build/archives"
  mount --bind "$ARCHIVES" "$root/run/build/archives"
  servers+=(relay $RELAY_PORT /run/build/archives/proxy)
  proxy=(http_proxy=http://127.0.0.1:$RELAY_PORT https_proxy=http://127.0.0.1:$RELAY_PORT no_proxy=127.0.0.1,localhost)
}

# Runs in the system, without this shell's environment.
inside() {
  chroot "$root" env -i PATH=/run/build/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 \
    "${proxy[@]}" "$@"
}

hand_over() {
  say 'writing the root as a tar'
  cp "${BASH_SOURCE[0]%/*}/hand-over.sh" "$root/run/build/hand-over.sh"
  chroot "$root" env HAND_OVER=/run/build/output/root.tar.partial sh /run/build/hand-over.sh > "$OUTPUT/hand-over.log" 2>&1 ||
    fail "$(tail -n 1 "$OUTPUT/hand-over.log")"
  mv "$OUTPUT/root.tar.partial" "$OUTPUT/root.tar"
  say 'done'
}
