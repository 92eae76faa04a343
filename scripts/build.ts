import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import standalone from 'ajv/dist/standalone/index.js';
import { type OutputChunk, rolldown } from 'rolldown';
import { schemaCompiler, schemaText } from '../pipeline/config/yaml/compile-schema.ts';

/** A package whose code is in the built files. */
interface Bundled {
  name: string;
  version: string;
  license: string;
  /** Its licence's full text; where it brings none, its author and place. */
  text: string;
}

const ROOT = join(import.meta.dirname, '..');
/** Another folder than the package's may be named. */
const DIST = resolve(process.argv[2] ?? join(ROOT, 'dist'));
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

/** Packages that sources load when they first need them, by `createRequire(import.meta.url)('ajv')`: files of their own. */
const WHEN_NEEDED = ['ajv', 'string-width'];
const LOADS = new RegExp(
  `\\b(createRequire\\(import\\.meta\\.url\\))\\('(${WHEN_NEEDED.join('|')})'\\)`,
  'g',
);

/**
 * Modules of Node that are loaded when a member is first used: libraries ask for them at their start, and few commands come to use them.
 * A command in which none is used starts with 3 MB less.
 */
const NODE_WHEN_NEEDED = ['child_process', 'readline', 'stream/consumers', 'zlib'];
const NODE_LOADS = new RegExp(
  `^(\\s*(?:let|const|var) (\\w+) = )require\\("(?:node:)?(${NODE_WHEN_NEEDED.join('|')})"\\);$`,
  'gm',
);
const WHEN_USED = `module.exports = (name) =>
  new Proxy({}, { get: (_, member) => process.getBuiltinModule(name)[member] });
`;

/** Modules whose static imports become one file with them, the first first: a start reads a few files instead of seventy. */
const TOGETHER = ['cli/main.js', 'config/load.js', 'cli/upload-file.js'];

/** Schemas that a command compiles where they are not compiled here: to load the code takes a fifth of the time. */
const SCHEMAS = [
  ...['schema/dgxos-maas', 'schema/site', 'schema/machines', 'schema/acceptance'],
  ...['templates/platforms', 'templates/releases/release'],
].map((name) => `${name}.schema.json`);

/**
 * Makes dist/, which is packed: our code and that of every package it needs, in files that are loaded when a command needs them. So an
 * installation is one package, and a start reads a tenth of the files. They are CommonJS modules: an ES module that imports `node:http` makes Node
 * load its whole `fetch` (18 MB and 50 ms, measured with Node 26), and `require` does not.
 */
async function build(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true });
  const compile = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', COMPILED];
  execFileSync(join(MODULES, '.bin/tsc'), compile, { stdio: 'inherit' });
  const graph = new Map<string, readonly string[]>();
  const bundle = await rolldown({
    input: {
      main: join(COMPILED, 'cli/main.js'),
      ...Object.fromEntries(WHEN_NEEDED.map((name) => [name, entryOf(name)])),
      ...compileSchemas(),
    },
    platform: 'node',
    external: (name) => OUTSIDE.some((one) => name === one || name.startsWith(`${one}/`)),
    plugins: [
      {
        name: 'when-needed',
        transform: (code) => code.replace(LOADS, "$1('./$2.cjs')"),
        renderChunk: (code) => loadWhenUsed(code),
      },
      {
        name: 'graph',
        buildEnd() {
          for (const id of this.getModuleIds()) graph.set(id, this.getModuleInfo(id)?.importedIds ?? []);
        },
      },
    ],
    onLog(level, log, handle) {
      if (log.code === 'INEFFECTIVE_DYNAMIC_IMPORT') return;
      handle(level === 'warn' ? 'error' : level, log);
    },
  });
  const { output } = await bundle.write({
    ...{ dir: DIST, format: 'cjs', comments: false },
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    codeSplitting: { groups: groupsOf(graph) },
    ...{ entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' },
  });
  await bundle.close();
  writeFileSync(join(DIST, 'when-used.cjs'), WHEN_USED);
  // A process of its own, found beside the file that starts it.
  copyFileSync(join(COMPILED, 'host/process/guard.js'), join(DIST, 'guard.js'));
  rmSync(COMPILED, { recursive: true });
  const chunks = output.filter((one): one is OutputChunk => one.type === 'chunk');
  writeFileSync(join(DIST, 'THIRD-PARTY-LICENSES.txt'), licenses(bundledIn(chunks)));
}

function groupsOf(graph: ReadonlyMap<string, readonly string[]>) {
  const closures = new Map<string, Set<string>>();
  const closure = (entry: string): Set<string> => {
    const kept = closures.get(entry);
    if (kept) return kept;
    const reached = new Set([join(COMPILED, entry)]);
    for (const id of reached) for (const next of graph.get(id) ?? []) reached.add(next);
    closures.set(entry, reached);
    return reached;
  };
  return TOGETHER.map((entry, at) => ({
    name: basename(entry, '.js'),
    test: (id: string) => closure(entry).has(id),
    priority: TOGETHER.length - at,
  }));
}

/** Puts a stand-in for each of these modules of Node, but for one whose members are copied. */
function loadWhenUsed(code: string): string {
  return code.replace(NODE_LOADS, (asItIs, before, variable, name) =>
    code.includes(`__toESM(${variable}`) ? asItIs : `${before}require("./when-used.cjs")("${name}");`,
  );
}

/** A file that gives a package as `require` gives it, with its default as a member. */
function entryOf(name: string): string {
  const file = join(COMPILED, `${name}.cjs`);
  writeFileSync(file, `module.exports = require('${name}');\n`);
  return file;
}

/** Puts the schemas' code in place of what compiles them. @returns the file of each, by the name of its file in dist/ */
function compileSchemas(): Record<string, string> {
  const inputs: Record<string, string> = {};
  for (const schema of SCHEMAS) {
    const ajv = schemaCompiler(true);
    const name = basename(schema, '.json');
    inputs[name] = join(COMPILED, `${name}.cjs`);
    writeFileSync(inputs[name], standalone.default(ajv, ajv.compile(JSON.parse(schemaText(schema)))));
  }
  const compiler = join(COMPILED, 'config/yaml/compile-schema.js');
  const source = readFileSync(compiler, 'utf8');
  const changed = source.replace(
    /export function compileSchema\([\s\S]*?\n}/,
    `export const compileSchema = (file) => createRequire(import.meta.url)('./' + basename(file, '.json') + '.cjs');`,
  );
  if (changed === source) throw new Error(`${compiler} has no compileSchema`);
  writeFileSync(
    compiler,
    `import { createRequire } from 'node:module';\nimport { basename } from 'node:path';\n${changed}`,
  );
  return inputs;
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
