#!/usr/bin/env node
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildDemoArchive } from './archive/build.ts';
import { fail, made } from './made.ts';

const HELP = `Usage: scripts/demo-archive [--arch amd64|arm64] [--json]

Makes what scripts/demo --archive installs from: a root like that of a cloud image, repository files, and a signed apt archive, all of
Debian packages and empty ones with NVIDIA's names. Nothing is done when it stands. Another architecture than this host's needs
qemu-user-static.

  --arch ARCH    amd64 (default) or arm64
  --json         print {architecture, root, repository, archive, made} as JSON
  -h, --help     this text`;

const options = {
  arch: { type: 'string', default: 'amd64' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

function readArguments() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail('demo-archive', `${(error as Error).message}\n\n${HELP}`, 2);
  }
}

const given = readArguments();
if (given.help) {
  console.log(HELP);
  process.exit(0);
}
if (!['amd64', 'arm64'].includes(given.arch))
  fail('demo-archive', `--arch is amd64 or arm64, not ${given.arch}`, 2);
const archive = await made('demo-archive', (signal) =>
  buildDemoArchive({
    architecture: given.arch,
    cache: join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dgxos-maas', 'demo'),
    signal,
    say: (text) => process.stderr.write(`${text}\n`),
  }),
);
console.log(
  given.json
    ? JSON.stringify(archive)
    : `${archive.root.path}\n${archive.repository.path}\n${archive.archive}`,
);
