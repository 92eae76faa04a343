import { expect, test } from 'vitest';
import { draw, house, readSources } from '../../../scripts/rooms.ts';

test('the house: at most 18 rooms and 10 floors, and every import goes down', () => {
  const { rooms, backUp } = house(readSources());
  // packer/ and templates/ hold what is rendered and run elsewhere; they import nothing.
  expect(rooms.length + ['packer', 'templates'].length).toBeLessThanOrEqual(18);
  expect(Math.max(...rooms.map(({ floor }) => floor))).toBeLessThanOrEqual(10);
  expect(backUp).toEqual([]);
});

test('an import back up is seen, of a type too', () => {
  const sources = new Map([
    ['pipeline/core/a.ts', "import type { B } from '../stages/b.ts';\n"],
    ['pipeline/stages/b.ts', "import { a } from '../core/a.ts';\n"],
    ['pipeline/cli/c.ts', "const { b } = await import('../stages/b.ts');\n"],
  ]);
  const seen = house(sources);
  expect(seen.rooms.map(({ name, floor }) => [name, floor])).toEqual([
    ['cli', 3],
    ['stages', 2],
    ['core', 1],
  ]);
  expect(seen.backUp).toEqual([{ from: 'pipeline/core/a.ts', to: 'pipeline/stages/b.ts', typeOnly: true }]);
  expect(draw(seen)).toContain(
    '3 rooms, 3 floors, 1 imports back up\n  pipeline/core/a.ts -> pipeline/stages/b.ts (type)',
  );
});

test('two rooms that need each other are seen', () => {
  const { backUp } = house(
    new Map([
      ['pipeline/a/a.ts', "import { b } from '../b/b.ts';\n"],
      ['pipeline/b/b.ts', "export { a } from '../a/a.ts';\n"],
    ]),
  );
  expect(backUp).not.toEqual([]);
});
