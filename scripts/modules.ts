import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = ['pipeline', 'sandbox', 'scripts', 'bench'];
const CODE = /\.(?:ts|js)$/;
const IMPORT = /(?:^(?:import|export)\s+(type\s)?[^'";]*?from\s+|\bimport\(\s*)'(\.[^']+)'/gm;

/** One import of a file by another; paths from the root of the repository. */
export interface Import {
  from: string;
  to: string;
  /** Costs nothing at run time. */
  typeOnly: boolean;
}

export interface Module {
  name: string;
  files: number;
  lines: number;
  /** 1 for a module that needs no other; otherwise one more than the highest that it needs at run time. */
  layer: number;
  /** Modules that it imports from, with the number of imports. */
  needs: Map<string, number>;
}

export interface ImportGraph {
  modules: Module[];
  /** Imports from a module to a higher one, or between two modules that need each other. */
  backUp: Import[];
}

/** The module of a file: a folder of pipeline/, or a folder at the top. */
export function moduleOf(file: string): string {
  const [top, second] = file.split('/') as [string, string];
  return top === 'pipeline' ? second : top;
}

/** The sources by path: as they are now, or as a revision of git has them. */
export function readSources(revision?: string): Map<string, string> {
  if (revision === undefined) {
    const files = globSync(`{${SOURCES}}/**/*.{ts,js}`, {
      cwd: ROOT,
      exclude: (path) => /node_modules|dist$/.test(path),
    });
    return new Map(files.sort().map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));
  }
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 });
  const files = git('ls-tree', '-r', '--name-only', revision, ...SOURCES)
    .split('\n')
    .filter((file) => CODE.test(file));
  return new Map(files.map((file) => [file, git('show', `${revision}:${file}`)]));
}

/** Every import of a file of the repository by another. */
export function importsOf(sources: Map<string, string>): Import[] {
  return [...sources].flatMap(([from, text]) =>
    [...text.matchAll(IMPORT)].map(([, type, path]) => ({
      from,
      to: normalize(join(dirname(from), path!)),
      typeOnly: Boolean(type),
    })),
  );
}

/** Modules, layers, and what runs against the direction. */
export function importGraph(sources: Map<string, string>): ImportGraph {
  const between = importsOf(sources).filter(({ from, to }) => moduleOf(from) !== moduleOf(to));
  const modules = new Map<string, Module>();
  for (const [file, text] of sources) {
    const name = moduleOf(file);
    const module = modules.get(name) ?? { name, files: 0, lines: 0, layer: 0, needs: new Map() };
    module.files++;
    module.lines += text.split('\n').length - 1;
    modules.set(name, module);
  }
  const below = new Map<string, Set<string>>([...modules.keys()].map((name) => [name, new Set()]));
  for (const { from, to, typeOnly } of between) {
    const { needs } = modules.get(moduleOf(from))!;
    needs.set(moduleOf(to), (needs.get(moduleOf(to)) ?? 0) + 1);
    if (!typeOnly) below.get(moduleOf(from))!.add(moduleOf(to));
  }
  const layerOf = (name: string, way: string[] = []): number => {
    const module = modules.get(name);
    if (!module || way.includes(name)) return 0;
    module.layer ||= 1 + Math.max(0, ...[...below.get(name)!].map((next) => layerOf(next, [...way, name])));
    return module.layer;
  };
  for (const name of modules.keys()) layerOf(name);
  const up = ({ from, to }: Import) => {
    const [lower, higher] = [modules.get(moduleOf(from)), modules.get(moduleOf(to))];
    if (!lower || !higher) return false;
    return higher.layer > lower.layer || (higher.layer === lower.layer && higher.needs.has(lower.name));
  };
  return {
    modules: [...modules.values()].sort((a, b) => b.layer - a.layer || (a.name < b.name ? -1 : 1)),
    backUp: between.filter(up),
  };
}

/** The graph as a table, the top layer first. */
export function draw({ modules, backUp }: ImportGraph): string {
  const rows = modules.map(
    ({ name, files, lines, layer, needs }) =>
      `${String(layer).padStart(5)}  ${name.padEnd(10)} ${String(files).padStart(5)} ${String(lines).padStart(6)}  ${[
        ...needs,
      ]
        .sort(([, a], [, b]) => b - a)
        .map(([other, count]) => `${other} ${count}`)
        .join(', ')}`,
  );
  const up = backUp.map(({ from, to, typeOnly }) => `  ${from} -> ${to}${typeOnly ? ' (type)' : ''}`);
  const layers = Math.max(...modules.map(({ layer }) => layer));
  return [
    'layer  module       files  lines  imports from',
    ...rows,
    `${modules.length} modules, ${layers} layers, ${backUp.length} imports back up`,
    ...up,
  ].join('\n');
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { rev: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help)
    console.log('npm run modules [-- --rev REVISION]: which folder of the code imports from which');
  else console.log(draw(importGraph(readSources(values.rev))));
}
