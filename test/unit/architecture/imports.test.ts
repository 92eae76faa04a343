import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const IMPORT = /^(?:import|export)\s+(type\s)?[^'";]*?from\s+'(\.[^']+)'/gm;

/** The imports of each file at run time; types cost nothing and may point anywhere. */
function imports(): Map<string, string[]> {
  const files = globSync('pipeline/**/*.ts', { cwd: ROOT });
  return new Map(
    files.map((file) => {
      const found = [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)];
      const needed = found
        .filter(([, type]) => !type)
        .map(([, , from]) => normalize(join(dirname(file), from!)));
      return [file, needed];
    }),
  );
}

/** A way from a file back to itself, or undefined. */
function circle(graph: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, way: string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const found = walk(next, [...way, file]);
      if (found) return found;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const found = walk(file, []);
    if (found) return found;
  }
  return undefined;
}

test('no file needs itself by way of others', () => {
  const graph = imports();
  expect(graph.size).toBeGreaterThan(300);
  expect(graph.get('pipeline/cli/main.ts')).toContain('pipeline/cli/commands.ts');
  expect(circle(graph)).toBeUndefined();
  expect(
    circle(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
  ).toEqual(['b', 'c', 'b']);
});

test('output is decided in one module: beside the commands nobody else writes to the terminal', () => {
  const writers = globSync('pipeline/**/*.ts', { cwd: ROOT }).filter((file) =>
    /process\.(?:stdout|stderr)\.write|(?<!\.)\bconsole\.\w+\(/.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  const others = writers.filter((file) => !/^pipeline\/(?:cli|report)\//.test(file));
  // The hidden prompt for a key is a question and no output.
  expect(others).toEqual(['pipeline/maas/api/key-from-stdin.ts']);
});
