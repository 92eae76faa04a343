#!/usr/bin/env node
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ProcessOutput } from 'zx';
import { buildDemoArchive } from './archive/build.ts';

const HELP = `Usage: scripts/demo-archive [--arch amd64|arm64] [--json]

Makes what scripts/demo --archive installs from: a root like that of a cloud image, repository files, and a signed apt archive, all of
Debian packages and empty ones with NVIDIA's names. Nothing is done when it stands. Another architecture than this host's needs
qemu-user-static.

  --arch ARCH    amd64 (default) or arm64
  --json         print {architecture, root, repository, archive, made} as JSON
  -h, --help     this text`;

function fail(message: string, code = 1): never {
  process.stderr.write(`demo-archive: ${message}\n`);
  process.exit(code);
}

const options = {
  arch: { type: 'string', default: 'amd64' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

function readArguments() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${HELP}`, 2);
  }
}

const given = readArguments();
if (given.help) {
  console.log(HELP);
  process.exit(0);
}
if (!['amd64', 'arm64'].includes(given.arch)) fail(`--arch is amd64 or arm64, not ${given.arch}`, 2);
const abort = new AbortController();
let signalled = 0;
for (const [name, number] of Object.entries({ SIGINT: 2, SIGTERM: 15 }))
  process.once(name, () => {
    signalled = number;
    abort.abort();
  });
try {
  const made = await buildDemoArchive({
    architecture: given.arch,
    cache: join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dgxos-maas', 'demo'),
    signal: abort.signal,
    say: (text) => process.stderr.write(`${text}\n`),
  });
  console.log(
    given.json ? JSON.stringify(made) : `${made.root.path}\n${made.repository.path}\n${made.archive}`,
  );
} catch (error) {
  if (signalled) process.exit(128 + signalled);
  // The last words of a tool explain more than our stack trace.
  if (error instanceof ProcessOutput)
    fail(
      `a tool ended with exit code ${error.exitCode}:\n${error.stderr.trim().split('\n').slice(-15).join('\n')}`,
    );
  const { code, message } = error as NodeJS.ErrnoException;
  if (code && ['ENOENT', 'ENOSPC', 'EACCES', 'EROFS', 'ENOTDIR'].includes(code)) fail(message);
  throw error;
}
