import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A `packer` for tests of what surrounds it: it does what `plan.json` beside it tells for the n-th build, and writes down
 * how it was called. The real one is run by the e2e tests.
 */
export interface Behaviour {
  /** Ask for the installer's configuration, as a guest whose boot command arrived does. */
  fetch?: boolean;
  /** Lines for the console. */
  console?: string[];
  /** Rows said as errors. */
  say?: string[];
  /** Leave a hand-over disk with this file as its content. */
  disk?: string;
  /** Stay until a signal ends it. */
  hang?: boolean;
  exit?: number;
}

const PACKER = `#!${process.execPath}
const fs = require('node:fs'), path = require('node:path'), http = require('node:http');
const dir = __dirname, args = process.argv.slice(2);
const plan = JSON.parse(fs.readFileSync(path.join(dir, 'plan.json')));
if (args[0] === 'version') { console.log('Packer v' + plan.version); process.exit(0); }
const calls = path.join(dir, 'calls.ndjson');
const n = fs.existsSync(calls) ? fs.readFileSync(calls, 'utf8').trim().split('\\n').length : 0;
fs.appendFileSync(calls, JSON.stringify({ args, env: process.env }) + '\\n');
const does = plan.builds[n] ?? plan.builds.at(-1);
const vars = Object.fromEntries(args.flatMap((a, i) => args[i - 1] === '-var' ? [[a.slice(0, a.indexOf('=')), a.slice(a.indexOf('=') + 1)]] : []));
fs.appendFileSync(vars.console_log, (does.console ?? []).map((l) => l + '\\n').join(''));
for (const text of does.say ?? []) console.log('1700000000,,ui,error,' + text.replaceAll(',', '%!(PACKER_COMMA)'));
if (does.disk) {
  fs.mkdirSync(vars.output_directory, { recursive: true });
  fs.copyFileSync(does.disk, path.join(vars.output_directory, 'packer-qemu-1'));
  fs.truncateSync(path.join(vars.output_directory, 'packer-qemu-1'), 64 << 20);
}
const end = () => { if (does.hang) setInterval(() => {}, 1000); else process.exit(does.exit ?? 0); };
if (does.fetch === false) end();
else http.get(vars.config_url.replace('10.0.2.2', '127.0.0.1'), (r) => {
  let text = ''; r.on('data', (c) => { text += c; }); r.on('end', () => { fs.writeFileSync(path.join(dir, 'fetched'), text); end(); });
});
`;

/** Makes a folder for the PATH with the stand-ins in it. */
export function standIns(dir: string, plan: { version?: string; builds: Behaviour[] }): string {
  const bin = join(dir, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'packer'), PACKER);
  writeFileSync(join(bin, 'qemu-system-x86_64'), '#!/bin/sh\necho "QEMU emulator version 7.2.0"\n');
  for (const tool of ['packer', 'qemu-system-x86_64']) chmodSync(join(bin, tool), 0o755);
  writeFileSync(join(bin, 'plan.json'), JSON.stringify({ version: '1.6.6', ...plan }));
  return bin;
}
