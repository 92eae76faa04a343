#!/bin/sh
# ssh2 (npm) 1.17.0: one of 256 Ed25519 keys that `utils.generateKeyPairSync('ed25519')` makes is malformed, and neither ssh2
# nor OpenSSH can read it. The library takes leading zero bytes off the public key, as one does with integers in DER; but the 32
# bytes of an Ed25519 key are a string of bytes, and a first byte of zero belongs to it.
#
# Seen on Node 20.20 and 26, ssh2 1.17.0, OpenSSH 9.2:
#   malformed: 19 of 4096; shortest public key: 31 bytes
#   ssh-keygen -y: Load key "bad": error in libcrypto
# Why it matters: a test or a server that makes its host key at the start fails once in 256 starts, and looks like a flake.
# Ends with 0 while that is so, with 1 when it no longer is.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ssh2@1.17.0 >/dev/null
cat >keys.js <<'JS'
const { utils } = require('ssh2');
const { writeFileSync } = require('node:fs');
console.log('ssh2', require('ssh2/package.json').version, 'node', process.version);
let bad = 0;
let shortest = 32;
for (let i = 0; i < 4096; i++) {
  const pair = utils.generateKeyPairSync('ed25519');
  const blob = Buffer.from(pair.public.split(' ')[1], 'base64');
  // string "ssh-ed25519", string key: the key's length stands at byte 15
  shortest = Math.min(shortest, blob.readUInt32BE(15));
  if (!(utils.parseKey(pair.private) instanceof Error)) continue;
  bad++;
  writeFileSync('bad', pair.private, { mode: 0o600 });
}
console.log(`malformed: ${bad} of 4096; shortest public key: ${shortest} bytes`);
process.exit(bad > 0 && shortest < 32 ? 0 : 1);
JS
node keys.js
if command -v ssh-keygen >/dev/null; then
  ! ssh-keygen -y -f bad
fi
