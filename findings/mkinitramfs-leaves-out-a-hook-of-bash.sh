#!/bin/sh
# mkinitramfs leaves out a hook that is not executable or that `sh -n` refuses, says nothing of it, and ends with 0.
#
# Packages: initramfs-tools-core 0.142+deb12u3 (Debian bookworm, with its updates), unpacked, not installed.
# Behaviour: a hook that begins with #!/bin/bash and has an array is valid, and runs when it is called. mkinitramfs tries each hook with `sh -n`, whatever
#   its first line says, and goes on without those that fail. A hook of the same name in /etc/initramfs-tools/hooks does not stand in for that in
#   /usr/share/initramfs-tools/hooks: the two folders are run one after the other.
# Seen: "sh: runs", "bash, with an array: left out, 0", "not executable: left out, 0", "the same name in both folders: runs twice".
# Why it matters: the initrd does not have what the hook would have copied. The machine is deployed without an error, and does not find a root on RAID or LVM.
# Ends with 0 while that is so, with 1 when it no longer is.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q initramfs-tools-core >/dev/null 2>&1
case $(dpkg-deb -f ./initramfs-tools-core_*.deb Version) in
0.142*) ;;
*) echo 'another initramfs-tools' >&2 && exit 1 ;;
esac
dpkg-deb -x ./initramfs-tools-core_*.deb package
functions=package/usr/share/initramfs-tools/hook-functions
mkdir usr etc

# run TEXT MODE: the times that the hooks of both folders write a line, and the exit code, as mkinitramfs runs them
run() {
  for folder in $folders; do
    printf "$1" >"$folder/hook"
    chmod "$2" "$folder/hook"
  done
  rm -f ran
  verbose=n version=x DESTDIR=. scriptdir='' RAN="$work/ran" sh -c "
    . ./$functions; run_scripts ./usr; run_scripts ./etc" 2>/dev/null && code=$? || code=$?
  case $(cat ran 2>/dev/null | wc -l) in
  0) echo "left out, $code" ;;
  1) echo runs ;;
  *) echo 'runs twice' ;;
  esac
}
lines='[ "${1:-}" = prereqs ] || echo x >>"$RAN"\n'

folders=usr
seen="sh: $(run "#!/bin/sh\n$lines" 755)
bash, with an array: $(run "#!/bin/bash\na=(1 2)\n$lines" 755)
not executable: $(run "#!/bin/sh\n$lines" 644)"
folders='usr etc'
seen="$seen
the same name in both folders: $(run "#!/bin/sh\n$lines" 755)"
echo "$seen"
[ "$seen" = 'sh: runs
bash, with an array: left out, 0
not executable: left out, 0
the same name in both folders: runs twice' ]
