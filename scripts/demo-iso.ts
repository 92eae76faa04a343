#!/usr/bin/env node
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildDemoIso, MissingTools } from './iso/build.ts';
import { fail, made } from './made.ts';

const HELP = `Usage: scripts/demo-iso [options]

Makes the demo installer: an ISO with DGX OS 5's interface, or that of 6 and 7, from Debian packages alone. Nothing is
done when the ISO stands and nothing that it is made of has changed.

  --subiquity   the interface of DGX OS 6 and 7: casper, subiquity and an answer file
  --out FILE    where to put it (default: $XDG_CACHE_HOME/dgxos-maas/demo/dgxos-demo.iso)
  --specimens   let every platform install the package demo-specimens, too (/opt/specimens)
  --force       make it in any case
  --json        print {path, sha256, size, made, seconds} as JSON
  -h, --help    this text`;

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
    return fail('demo-iso', `${(error as Error).message}\n\n${HELP}`, 2);
  }
}

const given = readArguments();
if (given.help) {
  console.log(HELP);
  process.exit(0);
}
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dgxos-maas', 'demo');
const kinds = (['subiquity', 'specimens'] as const).filter((kind) => given[kind]);
const iso = await made('demo-iso', (signal) =>
  buildDemoIso({
    out: resolve(given.out ?? join(cache, `${['dgxos-demo', ...kinds].join('-')}.iso`)),
    cache,
    specimens: given.specimens,
    installer: given.subiquity ? 'subiquity' : 'live-curtin',
    force: given.force,
    signal,
    say: (text) => process.stderr.write(`${text}\n`),
  }).catch((error) => {
    if (error instanceof MissingTools) fail('demo-iso', error.message);
    throw error;
  }),
);
console.log(given.json ? JSON.stringify(iso) : `${iso.path} ${iso.sha256}`);
