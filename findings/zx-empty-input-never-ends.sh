#!/bin/sh
# zx: an empty string as `input` leaves the stdin of the command open, so that what reads it waits for ever.
#
# Packages: zx 8.8.5 (npm).
# Behaviour: $({ input: 'x' })`cat` writes "x" and closes stdin; $({ input: '' })`cat` never ends. With an empty Buffer it ends: zx
#   asks whether the input is truthy.
# Seen: "x: ended", "empty string: hangs", "empty Buffer: ended".
# Why it matters: an input that comes from a file or another command may be empty; a build then stands still instead of going on.
#   execa and child_process.spawnSync close stdin for an empty input, which is what a good engineer expects.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund zx@8.8.5 >/dev/null

cat >ask.mjs <<'JS'
import { $ } from 'zx';
const inputs = { x: 'x', 'empty string': '', 'empty Buffer': Buffer.alloc(0) };
for (const [name, input] of Object.entries(inputs)) {
  const command = $({ input, quiet: true, nothrow: true })`cat`;
  const late = new Promise((resolve) => setTimeout(resolve, 5000, 'hangs'));
  console.log(`${name}: ${await Promise.race([command.then(() => 'ended'), late])}`);
  command.child?.kill('SIGKILL');
}
process.exit(0);
JS
seen=$(node ask.mjs)
echo "$seen"
[ "$seen" = "x: ended
empty string: hangs
empty Buffer: ended" ]
