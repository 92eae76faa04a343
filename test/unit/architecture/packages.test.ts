import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, readSources } from '../../../scripts/modules.ts';

const ROOT = join(import.meta.dirname, '../../..');
const SOURCES = readSources();
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const manifest = (file: string) => JSON.parse(read(file));
const product = manifest('package.json');
const sandbox = manifest('sandbox/package.json');

/** Packages that the sources below a folder need at run time, by name. */
function packagesOf(folder: string, sources: Map<string, string> = SOURCES): string[] {
  const names = [...sources]
    .filter(([file]) => file.startsWith(folder))
    .flatMap(([, text]) => [
      ...text.matchAll(
        /(?:^(?:import|export)\s+(?!type\s)(?:[^'";]*?\bfrom\s+)?|\bimport\()'([^.'][^']*)'/gm,
      ),
    ])
    .map(([, name]) =>
      name!
        .split('/')
        .slice(0, name!.startsWith('@') ? 2 : 1)
        .join('/'),
    )
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
  return [...new Set(names)].sort();
}

/** Imports of one folder from outside of it. */
const leaving = (folder: string, sources: Map<string, string> = SOURCES) =>
  importsOf(sources).filter(({ from, to }) => from.startsWith(folder) && !to.startsWith(folder));

describe('product and sandbox are two packages', () => {
  test('with no source in common, not even a type, so that a mistake of the client is not made on its other side', () => {
    expect(leaving('sandbox/')).toEqual([]);
    expect(
      importsOf(SOURCES)
        .filter(({ to }) => to.startsWith('sandbox/'))
        .map(({ from }) => from.split('/')[0]),
    ).toEqual(expect.not.arrayContaining(['pipeline']));
  });

  test('each names the packages that it imports, and the sandbox no other', () => {
    expect(packagesOf('pipeline/').filter((name) => !Object.hasOwn(product.devDependencies, name))).toEqual(
      [],
    );
    // The packed file has their code; see scripts/build.ts.
    expect(product.dependencies).toBeUndefined();
    expect(packagesOf('sandbox/')).toEqual(Object.keys(sandbox.dependencies).sort());
  });

  test('of one version, which each asks of the other; npm installs neither for the other', () => {
    expect(sandbox.version).toBe(product.version);
    expect(product.peerDependencies[sandbox.name]).toBe(product.version);
    expect(sandbox.peerDependencies).toEqual({ [product.name]: product.version });
    for (const { peerDependencies, peerDependenciesMeta } of [product, sandbox])
      for (const name of Object.keys(peerDependencies))
        expect(peerDependenciesMeta[name].optional).toBe(true);
  });

  test('and the queue asks for its engine, which is installed where a queue is used, in the version of the tests', () => {
    const { [sandbox.name]: _, ...engine } = product.peerDependencies;
    expect(Object.keys(engine)).toEqual(['bullmq', 'ioredis']);
    for (const [name, range] of Object.entries(engine)) expect(product.devDependencies[name]).toBe(range);
  });

  test('for the same Node, under the same licence', () => {
    expect(sandbox.engines).toEqual(product.engines);
    expect(read('sandbox/LICENSE')).toBe(read('LICENSE'));
  });

  test('an import that leaves, and one of a package, are seen', () => {
    const sources = new Map([
      ['sandbox/a.ts', "import type { A } from '../pipeline/core/a.ts';\nimport { b } from './b.ts';\n"],
      [
        'sandbox/b.ts',
        "import ssh2, { type X } from 'ssh2';\nconst y = await import('@scope/y/z');\nimport 'node:fs';\n",
      ],
    ]);
    expect(leaving('sandbox/', sources).map(({ to }) => to)).toEqual(['pipeline/core/a.ts']);
    expect(packagesOf('sandbox/', sources)).toEqual(['@scope/y', 'ssh2']);
  });
});
