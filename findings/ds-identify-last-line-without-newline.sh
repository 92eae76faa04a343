#!/bin/sh
# ds-identify of cloud-init does not read the last line of a configuration file that ends without a newline; cloud-init itself does.
#
# Packages: cloud-init 22.4.2-1+deb12u4 (Debian bookworm, with its updates), unpacked, not installed.
# Behaviour: two files in cloud.cfg.d name a data source, an early one of the image and a later one that whoever deploys the machine has
#   written as one line of YAML without a newline, which is valid YAML. The later one should win. ds-identify, which decides at boot whether and with which
#   source cloud-init starts, reads lines with the shell's `read`, which fails at the end of the file: that line is left out, and the image's list holds.
#   With a newline behind it, it wins.
# Seen: "without a newline: NoCloud", "with a newline: MAAS".
# Why it matters: curtin writes MAAS' list to the deployed system as such a file. An image with a list of its own passes every test that reads YAML, and
#   the deployed machine looks for another source and stays in "Deploying".
# Ends with 0 while that is so, with 1 when it no longer is.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q cloud-init >/dev/null 2>&1
case $(dpkg-deb -f ./cloud-init_*.deb Version) in
22.4.2-*) ;;
*) echo 'another cloud-init' >&2 && exit 1 ;;
esac
dpkg-deb -x ./cloud-init_*.deb package

# In a container ds-identify looks for no machine's sources.
mkdir bin
printf '#!/bin/sh\necho none\nexit 1\n' >bin/systemd-detect-virt
chmod +x bin/systemd-detect-virt

# ask END: the source that ds-identify chooses when the later file ends so
ask() {
  rm -rf root
  mkdir -p root/etc/cloud/cloud.cfg.d root/run/cloud-init root/proc root/var/lib/cloud
  echo ro >root/proc/cmdline
  echo 'users: [default]' >root/etc/cloud/cloud.cfg
  echo 'datasource_list: [ NoCloud ]' >root/etc/cloud/cloud.cfg.d/50-image.cfg
  printf "datasource_list: [ MAAS ]$1" >root/etc/cloud/cloud.cfg.d/95-deployment.cfg
  PATH="$work/bin:$PATH" PATH_ROOT="$work/root" DI_LOG="$work/root/log" \
    sh package/usr/lib/cloud-init/ds-identify --force >/dev/null 2>&1 || true
  sed -n 's/^datasource_list: \[ *\([A-Za-z]*\).*/\1/p' root/run/cloud-init/cloud.cfg | head -n 1
}

seen="without a newline: $(ask '')
with a newline: $(ask '\n')"
echo "$seen"
[ "$seen" = 'without a newline: NoCloud
with a newline: MAAS' ]
