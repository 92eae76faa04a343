#!/bin/sh
# cloud-init drops the data source MAAS for a vendor-data that has the line `#cloud-config` and nothing else.
#
# Package: cloud-init 22.4.2-1+deb12u4 (Debian bookworm).
# Behaviour: for user-data a cloud-config without a key is valid and does nothing. As MAAS' vendor-data, which is parsed as YAML before it
#   is looked at, the same text is None, and None is also what the parser returns for "not loadable": the whole seed counts as malformed,
#   with its meta-data and its ssh keys, and cloud-init goes on to the next data source. An empty file is taken, and so is `{}`.
# Seen: "#cloud-config: vendor-data was not loadable as yaml.", "empty: host-1", "{}: host-1", "#cloud-config {}: host-1".
# Why it matters: a server that plays MAAS, or a MAAS that has nothing to say to a machine, must send `{}` or no byte. With the
#   header alone a deployed machine boots without hostname and keys, and nobody can log in.
# Ends with 0 while that is so, with 1 when it no longer is.
set -eu

version=22.4.2-1+deb12u4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q "cloud-init=$version" python3-configobj python3-jsonpatch python3-json-pointer \
  python3-jsonschema python3-netifaces python3-oauthlib python3-requests python3-serial python3-yaml python3-jinja2 python3-markupsafe \
  python3-attr python3-pyrsistent python3-six >/dev/null 2>&1
for package in ./*.deb; do dpkg-deb -x "$package" root; done
cat >seed.py <<'PY'
import os, tempfile
from cloudinit.sources import DataSourceMAAS as maas

def outcome(vendor_data):
    with tempfile.TemporaryDirectory() as seed:
        os.mkdir(seed + "/meta-data")
        files = {"meta-data/instance-id": "i-1", "meta-data/local-hostname": "host-1", "meta-data/vendor-data": vendor_data}
        for name, text in files.items():
            with open(os.path.join(seed, name), "w") as file:
                file.write(text)
        try:
            return maas.read_maas_seed_dir(seed)[1]["local-hostname"]
        except maas.MAASSeedDirMalformed as error:
            return str(error)

for label, text in (("#cloud-config", "#cloud-config\n"), ("empty", ""), ("{}", "{}\n"), ("#cloud-config {}", "#cloud-config\n{}\n")):
    print(f"{label}: {outcome(text)}")
PY
echo "cloud-init $version"
seen=$(PYTHONPATH="$work/root/usr/lib/python3/dist-packages" /usr/bin/python3 seed.py)
echo "$seen"
[ "$seen" = "#cloud-config: vendor-data was not loadable as yaml.
empty: host-1
{}: host-1
#cloud-config {}: host-1" ]
