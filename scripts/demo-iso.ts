#!/usr/bin/env node
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ProcessOutput } from 'zx';
import { buildDemoIso, MissingTools } from './iso/build.ts';

const HELP = `Usage: scripts/demo-iso [options]

Makes the demo installer: an ISO with DGX OS 5's interface, or that of 6 and 7, from Debian packages alone. Nothing is
done when the ISO stands and nothing that it is made of has changed.

  --subiquity   the interface of DGX OS 6 and 7: casper, subiquity and an answer file
  --out FILE    where to put it (default: $XDG_CACHE_HOME/dgxos-maas/demo/dgxos-demo.iso)
  --specimens   let every platform install the package demo-specimens, too (/opt/specimens)
  --force       make it in any case
  --json        print {path, sha256, size, made, seconds} as JSON
  -h, --help    this text`;

function fail(message: string): never {
  process.stderr.write(`demo-iso: ${message}\n`);
  process.exit(1);
}

const flag = { type: 'boolean', default: false } as const;
const options = {
  out: { type: 'string' },
  specimens: flag,
  subiquity: flag,
  force: flag,
  json: flag,
  help: { ...flag, short: 'h' },
} as const;

function readArguments() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`demo-iso: ${(error as Error).message}\n\n${HELP}\n`);
    process.exit(2);
  }
}

const given = readArguments();
if (given.help) {
  console.log(HELP);
  process.exit(0);
}
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dgxos-maas', 'demo');
const kinds = (['subiquity', 'specimens'] as const).filter((kind) => given[kind]);
const abort = new AbortController();
let signalled = 0;
for (const [name, number] of Object.entries({ SIGINT: 2, SIGTERM: 15 }))
  process.once(name, () => {
    signalled = number;
    abort.abort();
  });
try {
  const iso = await buildDemoIso({
    out: resolve(given.out ?? join(cache, `${['dgxos-demo', ...kinds].join('-')}.iso`)),
    cache,
    specimens: given.specimens,
    installer: given.subiquity ? 'subiquity' : 'live-curtin',
    force: given.force,
    signal: abort.signal,
    say: (text) => process.stderr.write(`${text}\n`),
  });
  console.log(given.json ? JSON.stringify(iso) : `${iso.path} ${iso.sha256}`);
} catch (error) {
  if (signalled) process.exit(128 + signalled);
  if (error instanceof MissingTools) fail(error.message);
  // The last lines of a tool say more than our stack trace.
  if (error instanceof ProcessOutput)
    fail(
      `a tool ended with exit code ${error.exitCode}:\n${error.stderr.trim().split('\n').slice(-15).join('\n')}`,
    );
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EACCES' || code === 'EROFS' || code === 'ENOTDIR') fail(message);
  throw error;
}
