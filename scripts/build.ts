import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OutputChunk, rolldown } from 'rolldown';

/** A package whose code is in the built files. */
interface Bundled {
  name: string;
  version: string;
  license: string;
  /** Its licence's full text; where it brings none, its author and place. */
  text: string;
}

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
/** JavaScript as the oldest Node of `engines` reads it, a file for each source. */
const COMPILED = join(DIST, 'compiled');
const MODULES = join(ROOT, 'node_modules');

/**
 * Packages that stay outside: those that are installed beside where somebody uses them, and what libraries ask for and do without. fetch-blob has
 * web-streams-polyfill (9 MB) for a Node without ReadableStream, which none of `engines` is.
 */
const OUTSIDE = [
  ...[
    'dgxos-maas-sandbox',
    'bullmq',
    'ioredis',
    'web-streams-polyfill',
    'kerberos',
    'libxmljs2',
    'xmlbuilder2',
  ],
  ...['packageurl-js', 'spdx-expression-parse', 'ajv-formats-draft2019', 'react-native-b4a'],
  ...['bare-abort-controller', 'cac', 'citty'],
];

/** Packages that sources load when they first need them, as `createRequire(import.meta.url)('ajv')` does. */
const LOADS = /\bcreateRequire\(import\.meta\.url\)\(('(?:ajv|string-width)')\)/g;

/**
 * Makes dist/, which is packed: our code and that of every package it needs, in files that are loaded when a command needs them. So an
 * installation is one package, and a start reads a tenth of the files. They are CommonJS modules: an ES module that imports `node:http` makes Node
 * load its whole `fetch` (18 MB and 50 ms, measured with Node 26), and `require` does not.
 */
async function build(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true });
  execFileSync(join(MODULES, '.bin/tsc'), ['-p', join(ROOT, 'tsconfig.build.json')], { stdio: 'inherit' });
  const bundle = await rolldown({
    input: { main: join(COMPILED, 'cli/main.js') },
    platform: 'node',
    external: (name) => OUTSIDE.some((one) => name === one || name.startsWith(`${one}/`)),
    // From node_modules in a clone; here it is evaluated at the same moment.
    plugins: [{ name: 'required-packages', transform: (code) => code.replace(LOADS, 'require($1)') }],
    onLog(level, log, handle) {
      if (log.code === 'INEFFECTIVE_DYNAMIC_IMPORT') return;
      handle(level === 'warn' ? 'error' : level, log);
    },
  });
  const { output } = await bundle.write({
    ...{ dir: DIST, format: 'cjs' },
    ...{ entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' },
  });
  await bundle.close();
  // A process of its own, found beside the file that starts it.
  copyFileSync(join(COMPILED, 'host/process/guard.js'), join(DIST, 'guard.js'));
  rmSync(COMPILED, { recursive: true });
  const chunks = output.filter((one): one is OutputChunk => one.type === 'chunk');
  writeFileSync(join(DIST, 'THIRD-PARTY-LICENSES.txt'), licenses(bundledIn(chunks)));
}

/** The packages whose modules are in the chunks, by name. */
function bundledIn(chunks: readonly OutputChunk[]): Bundled[] {
  const folders = new Set<string>();
  for (const path of chunks.flatMap(({ moduleIds }) => moduleIds)) {
    const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  return [...folders].sort().map((folder) => {
    const { name, version, license, author, repository } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    const file = readdirSync(folder).find((one) => /^(?:licen[cs]e|copying)/i.test(one));
    const origin = [author?.name ?? author, repository?.url ?? repository].filter(Boolean).join('\n');
    return { name, version, license, text: file ? readFileSync(join(folder, file), 'utf8') : origin };
  });
}

function licenses(packages: readonly Bundled[]): string {
  const each = packages.map(({ name, version, license, text }) => {
    return `${'-'.repeat(80)}\n${name} ${version}, ${license}\n\n${text.trim()}\n`;
  });
  return `The files beside this one have code of these packages, under their own licences.\n\n${each.join('\n')}`;
}

await build();
