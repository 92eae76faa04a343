#!/usr/bin/env node
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CHANGES } from './broken/changes.ts';
import { makeBroken } from './broken/make.ts';
import { fail, made } from './made.ts';

const HELP = `Usage: node scripts/broken-images.ts IMAGE.tar.gz FOLDER [NAME…]

Makes copies of a packed image that must fail, each with one change: FOLDER/NAME.tar.gz. They are for comparing \`validate\` and \`rehearse\`
(docs/rehearse.md has the table for the demo image). Without NAME all are made:

${CHANGES.map(({ name, does }) => `  ${name.padEnd(24)}${does}`).join('\n')}`;

function readArguments() {
  try {
    return parseArgs({ options: { help: { type: 'boolean', short: 'h' } }, allowPositionals: true });
  } catch (error) {
    return fail('broken-images', `${(error as Error).message}\n\n${HELP}`, 2);
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const [image, folder, ...names] = positionals;
if (image === undefined || folder === undefined) fail('broken-images', HELP, 2);
for (const name of names)
  if (!CHANGES.some((change) => change.name === name))
    fail('broken-images', `there is no change ${name}\n\n${HELP}`, 2);
const chosen = names.length > 0 ? CHANGES.filter(({ name }) => names.includes(name)) : CHANGES;
const paths = await made('broken-images', (signal) =>
  makeBroken(resolve(image), resolve(folder), chosen, {
    signal,
    say: (text) => process.stderr.write(`${text}\n`),
  }),
);
for (const path of paths) console.log(path);
