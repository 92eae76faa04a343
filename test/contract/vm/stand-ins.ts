import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A `packer` for tests of what surrounds it: it does what `plan.json` beside it says for the n-th build, and writes down
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

/**
 * The folders in which a real Packer finds its qemu plugin, for its version and environment, written after packer/plugin_folders.go,
 * hcl2template/plugin.go and packer/plugin-getter/plugins.go of v1.7.0, v1.9.1, v1.9.2, v1.10.3, v1.11.0 and v1.16.0, and
 * pathing/config_file_unix.go of its SDK. From 1.11 on a plugin is also asked to describe itself; that is left out here.
 */
const PLUGINS = `
const crypto = require('node:crypto'), os = require('node:os');
function plugins(version) {
  const at = (...floor) => { const v = version.split('.').map(Number); for (const i of [0, 1, 2]) if (v[i] !== floor[i]) return v[i] > floor[i]; return true; };
  const { PACKER_PLUGIN_PATH: named, PACKER_CONFIG_DIR: config, XDG_CONFIG_HOME: xdg, HOME: home } = process.env;
  const old = path.join(home, '.packer.d');
  const own = path.join(config ? path.join(config, '.packer.d') : !at(1, 7, 5) || fs.existsSync(old) ? old : path.join(xdg || path.join(home, '.config'), 'packer'), 'plugins');
  if (at(1, 11, 0) && named && named.includes(':')) {
    console.error('Error loading configuration: \\n\\nMultiple paths are no longer supported for PACKER_PLUGIN_PATH.');
    process.exit(1);
  }
  const folders = !named ? [own] : at(1, 9, 2) ? named.split(':') : [own, ...named.split(':')];
  return folders.flatMap((folder) => {
    const dir = path.join(folder, 'github.com/hashicorp/qemu');
    const names = fs.existsSync(dir) ? fs.readdirSync(dir) : [];
    return names.filter((name) => /^packer-plugin-qemu_v[\\d.]+_x5\\.\\d+_linux_${process.arch === 'x64' ? 'amd64' : process.arch}$/.test(name)).map((name) => path.join(dir, name));
  }).filter((file) => {
    const sum = file + '_SHA256SUM';
    return fs.existsSync(sum) && fs.readFileSync(sum, 'utf8').startsWith(crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex'));
  });
}`;

const PACKER = `#!${process.execPath}
const fs = require('node:fs'), path = require('node:path'), http = require('node:http');
const dir = __dirname, args = process.argv.slice(2);
const plan = JSON.parse(fs.readFileSync(path.join(dir, 'plan.json')));
if (args[0] === 'version') { console.log('Packer v' + plan.version); process.exit(0); }
${PLUGINS}
if (args[0] === 'plugins') { console.log(plugins(plan.version).join('\\n')); process.exit(0); }
if (!plan.version.startsWith('1.6.') && !plugins(plan.version).some((file) => !/_v1\\.(0\\.\\d+|1\\.[012])_/.test(file))) {
  console.error('Error: Missing plugins\\n\\nThe following plugins are required, but not installed:\\n\\n* github.com/hashicorp/qemu >= 1.1.3\\n\\nDid you run packer init for this project ?');
  process.exit(1);
}
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

/** A qemu plugin below a folder of plugins, with the checksum that Packer wants beside it. */
export function qemuPlugin(folder: string, version: string, system = SYSTEM): string {
  const dir = join(folder, 'github.com/hashicorp/qemu');
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `packer-plugin-qemu_v${version}_x5.0_${system}`);
  writeFileSync(file, version, { mode: 0o755 });
  writeFileSync(`${file}_SHA256SUM`, createHash('sha256').update(version).digest('hex'));
  return file;
}
const SYSTEM = `linux_${process.arch === 'x64' ? 'amd64' : process.arch}`;

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
