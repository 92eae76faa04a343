import { expect, test } from 'vitest';
import { draw, importGraph, readSources } from '../../../scripts/modules.ts';

test('the import graph: at most 19 modules and 11 layers, and every import goes down', () => {
  const { modules, backUp } = importGraph(readSources());
  // packer/ and templates/ hold what is rendered and run elsewhere; they import nothing.
  expect(modules.length + ['packer', 'templates'].length).toBeLessThanOrEqual(19);
  expect(Math.max(...modules.map(({ layer }) => layer))).toBeLessThanOrEqual(11);
  expect(backUp).toEqual([]);
});

test('an import back up is seen, of a type too', () => {
  const sources = new Map([
    ['pipeline/core/a.ts', "import type { B } from '../stages/b.ts';\n"],
    ['pipeline/stages/b.ts', "import { a } from '../core/a.ts';\n"],
    ['pipeline/cli/c.ts', "const { b } = await import('../stages/b.ts');\n"],
  ]);
  const seen = importGraph(sources);
  expect(seen.modules.map(({ name, layer }) => [name, layer])).toEqual([
    ['cli', 3],
    ['stages', 2],
    ['core', 1],
  ]);
  expect(seen.backUp).toEqual([{ from: 'pipeline/core/a.ts', to: 'pipeline/stages/b.ts', typeOnly: true }]);
  expect(draw(seen)).toContain(
    '3 modules, 3 layers, 1 imports back up\n  pipeline/core/a.ts -> pipeline/stages/b.ts (type)',
  );
});

test('two modules that need each other are seen', () => {
  const { backUp } = importGraph(
    new Map([
      ['pipeline/a/a.ts', "import { b } from '../b/b.ts';\n"],
      ['pipeline/b/b.ts', "export { a } from '../a/a.ts';\n"],
    ]),
  );
  expect(backUp).not.toEqual([]);
});
