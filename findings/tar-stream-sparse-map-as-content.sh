#!/bin/sh
# tar-stream (npm) 3.2.2 hands over the sparse map of GNU tar's `--format=posix -S` as the beginning of the file, under a name that
# nobody gave: no error, no sign of it in the type.
#
# Packages: tar-stream 3.2.2; GNU tar 1.34; Python's tarfile as the one that reads it.
# Behaviour: GNU tar writes a sparse file in the POSIX format as a regular member `./GNUSparseFile.PID/NAME`, whose data begins with
#   the map of its blocks in decimals; name and size are in pax records (GNU.sparse.name, GNU.sparse.realsize). tar-stream shows
#   the records in `header.pax` and applies `path` and `size`, but not these: the entry has the wrong name, the wrong size, and the
#   map ("4\n0\n4096\n…") in front of the blocks, without the holes. Of the old GNU format with more than four blocks it says
#   "Invalid tar header" instead.
# Seen:
#   python:     disk 3000000 bytes, "block 0"
#   tar-stream: ./GNUSparseFile.N/disk 12800 bytes, "4\n0\n4096\n"
# Why it matters: `tar --format=posix -S` is what one takes for a root file system with disk images, databases or /var/log/lastlog in
#   it. A program that unpacks it by tar-stream writes other files than were packed, and ends well. A good engineer would expect
#   the file, or an error.
# Ends with 0 while that is so, with 1 when it no longer is.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts tar-stream@3.2.2 >/dev/null
tar --version | head -n 1

python3 - <<'PY'
with open('disk', 'wb') as file:
    for block in range(3):
        file.seek(block * 1_000_000)
        file.write(b'block %d' % block)
    file.truncate(3_000_000)
PY
tar --format=posix -S -cf posix.tar disk

python3 - <<'PY'
import tarfile
archive = tarfile.open('posix.tar')
[member] = archive.getmembers()
start = archive.extractfile(member).read(7).decode()
print(f'python:     {member.name} {member.size} bytes, "{start}"')
assert (member.name, member.size, start) == ('disk', 3_000_000, 'block 0')
PY

cat >read.mjs <<'JS'
import { createReadStream } from 'node:fs';
import { extract } from 'tar-stream';
const reader = extract();
createReadStream('posix.tar').pipe(reader);
for await (const entry of reader) {
  const parts = [];
  for await (const part of entry) parts.push(part);
  const start = JSON.stringify(Buffer.concat(parts).subarray(0, 9).toString());
  const { name, size, type, pax } = entry.header;
  console.log(`tar-stream: ${name} ${size} bytes, ${start}, type ${type}, real size in pax: ${pax['GNU.sparse.realsize']}`);
  const asStated = /^\.\/GNUSparseFile\.\d+\/disk$/.test(name) && size < 3_000_000 && start.startsWith('"4\\n0\\n') && type === 'file';
  process.exitCode = asStated ? 0 : 1;
}
JS
node read.mjs
