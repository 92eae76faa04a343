// Plain JavaScript for any Node: ends with 0 when node_modules holds what package-lock.json says, with 1 otherwise.
import { existsSync, readFileSync } from 'node:fs';

const read = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
};
const wanted = read('package-lock.json').packages ?? {};
// npm's own record of what it unpacked.
const unpacked = read('node_modules/.package-lock.json').packages ?? {};

process.report.excludeNetwork = true;
const libc = process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
const system = { os: process.platform, cpu: process.arch, libc };

/** Whether npm installs an optional package on this system. */
const ours = (entry) => Object.entries(system).every(([key, own]) => !entry[key] || entry[key].includes(own));
const absent = (entry) => entry.optional && (!entry.os || !ours(entry));
const fits = ([path, entry]) => {
  const there = unpacked[path];
  if (!there) return absent(entry);
  // A link leads to a workspace, which has an entry of its own.
  const { version } = entry.link ? wanted[entry.resolved] : entry;
  return there.integrity === entry.integrity && read(`${path}/package.json`).version === version;
};

const modules = Object.entries(wanted).filter(([path]) => path !== '');
const extra = Object.keys(unpacked).some((path) => !Object.hasOwn(wanted, path));
// The runtime's own install script may have been kept from running.
const runtime = existsSync('node_modules/.bin/node');
process.exitCode = modules.length > 0 && !extra && runtime && modules.every(fits) ? 0 : 1;
