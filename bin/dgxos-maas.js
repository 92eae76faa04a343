#!/usr/bin/env node
// Plain CommonJS, without node: names, for any Node: one that is too old gets a message and no syntax error. Finds a
// runtime that is new enough and runs the CLI in it.
'use strict';

// A file that is sent as it is takes work of the system and of OpenSSL, in which V8's compilers win nothing that can be measured. They take
// 5 MB, also of a process that stops using them later: so before anything else is loaded.
if (process.argv[2] === 'upload' && process.argv.includes('--no-validate')) {
  const { setFlagsFromString } = require('v8');
  for (const flag of ['--no-opt', '--no-maglev', '--no-sparkplug']) setFlagsFromString(flag);
}

const { existsSync } = require('fs');
const { join } = require('path');
const { pathToFileURL } = require('url');
const { endWithNpm, handOver, obeyLauncher, LAUNCHED } = require('./launcher.js');

const source = join(__dirname, '../pipeline/cli/main.ts');
const inClone = existsSync(source);
const [major, minor] = process.versions.node.split('.').map(Number);
/** A clone needs a Node that runs TypeScript; the installed package is JavaScript, for what package.json's engines says. */
const newEnough = inClone
  ? Boolean(process.features.typescript)
  : major > 20 || (major === 20 && minor >= 17);

// Nothing else needs to be loaded for it, and scripts ask often.
if (process.argv.length === 3 && /^(?:-V|--version)$/.test(process.argv[2]))
  process.stdout.write(`${require('../package.json').version}\n`);
else start();

function start() {
  const launched = process.env[LAUNCHED] !== undefined;
  if (launched) obeyLauncher();
  else endWithNpm();
  if (newEnough) run();
  else if (launched || !handOver()) tooOld();
}

function run() {
  const { enableCompileCache } = require('module');
  if (enableCompileCache) enableCompileCache();
  if (inClone) import(pathToFileURL(source).href).then((cli) => cli.main(process.argv));
  else require('../dist/main.cjs').main(process.argv);
}

function tooOld() {
  const needed = inClone ? '22.18' : '20.17';
  process.stderr.write(
    `error: dgxos-maas needs Node.js ${needed} or newer, this is ${process.versions.node} [NODE_TOO_OLD]\n` +
      `  hint: ${inClone ? './scripts/setup brings one into the clone' : 'npm install node@lts-latest'}, or see https://nodejs.org\n`,
  );
  process.exitCode = 4;
}
