import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as layout from '../../../pipeline/workspace/layout.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/files.md'), 'utf8');
const env = { XDG_STATE_HOME: '/state' };

/** Every path that the layout composes, from placeholders in place of its parameters. */
function composed(): string[] {
  const named: Record<string, unknown[]> = {
    lockFiles: ['lock-of'],
    isoFiles: ['iso'],
    renderFolders: ['render'],
    buildFiles: ['build'],
  };
  return Object.entries(layout).flatMap(([name, value]) => {
    if (typeof value !== 'function') return [value as string];
    const fromEnv = /\(env/.test(value.toString());
    const made = (value as (...given: unknown[]) => unknown)(
      ...(fromEnv ? [env, 'NAME'] : (named[name] ?? ['of', 'NAME'])),
    );
    const flat = (one: unknown): string[] =>
      typeof one === 'string' ? [one] : Object.values(one as object).flatMap(flat);
    return flat(made);
  });
}

test('every file that the layout knows stands in docs/files.md', () => {
  const paths = composed();
  expect(paths.length).toBeGreaterThan(40);
  // The last part of a path is its own name; NAME and the like are placeholders.
  const names = paths
    .map((path) => path.split('/').at(-1)!)
    .filter((name) => !/^(NAME|of\b)/.test(name) && name !== 'dgxos-maas');
  const missing = [...new Set(names)].filter((name) => !page.includes(name));
  expect(missing).toEqual([]);
});

test('each row says whether the file may be deleted and what is lost', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const [, , , deleted, lost] = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    expect(['yes', '**no**']).toContain(deleted);
    expect(lost).not.toBe('');
  }
});
