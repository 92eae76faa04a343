#!/bin/sh
# Under QEMU's TCG a Linux guest runs a shell script several times slower since its programs lie at random addresses: translated code is kept by its address
# in the guest, so that each new process is translated anew. `norandmaps` on the guest's kernel line makes a script about five times as fast.
#
# Packages: qemu-system-x86 7.2 and linux-image-cloud-amd64 6.1 (Debian bookworm, with their updates), dash, libc6, busybox-static.
# Behaviour: 400 processes of dash; with address space layout randomization they take at least twice the processor seconds.
# Seen: 15.6 s of the host against 4.7 s, of which 3 s are the boot. `info jit` counts 13 flushes of a cache of 512 MB while an initramfs is made, and none
#   with norandmaps; mkinitramfs takes 274 and 123 seconds (two emulated processors).
# Why it matters: installers, image builds and CI run guests without KVM, where scripts of thousands of processes are what takes the time. The usual advice is
#   another processor model or a larger tb-size; neither is the cause.
set -eu

qemu-system-x86_64 --version | head -n 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-6/ { print $2; exit }')
apt-get download -qq "$kernel" busybox-static dash libc6 2>/dev/null
for package in ./*.deb; do dpkg-deb --extract "$package" unpacked; done
for name in bin lib/x86_64-linux-gnu lib64; do mkdir -p "root/$name"; done
cp "$(find unpacked -path '*bin/busybox' -type f)" "$(find unpacked -path '*bin/dash' -type f)" root/bin/
cp -L unpacked/lib/x86_64-linux-gnu/libc.so.6 root/lib/x86_64-linux-gnu/
cp -L unpacked/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 root/lib64/
cat >root/init <<'INIT'
#!/bin/dash
i=0
while [ $i -lt 400 ]; do
  /bin/dash -c 'i=1; i=$((i + 1))'
  i=$((i + 1))
done
/bin/busybox poweroff -f
INIT
chmod 755 root/init
(cd root && find . | cpio --quiet -o -H newc | gzip) >initrd

# guest OPTIONS: the processor seconds that it took.
guest() {
  python3 - "$@" <<'PYTHON'
import glob, resource, subprocess, sys
subprocess.run(["qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot", "-machine", "q35", "-accel", "tcg", "-m", "512",
                "-kernel", glob.glob("unpacked/boot/vmlinuz-*")[0], "-initrd", "initrd", "-append", "quiet no_timer_check " + " ".join(sys.argv[1:])],
               check=True, timeout=600)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(round(used.ru_utime + used.ru_stime, 1))
PYTHON
}
random=$(guest)
same=$(guest norandmaps)
echo "random addresses: $random s; the same ones each time (norandmaps): $same s"
awk -v random="$random" -v same="$same" 'BEGIN { exit !(random >= 2 * same) }'
