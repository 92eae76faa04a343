import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { occurrences } from '../../mutants/mutant.ts';
import { MUTANTS } from '../../mutants/table.ts';

const ROOT = join(import.meta.dirname, '../../..');

test('no two mutants have one id', () => {
  expect(new Set(MUTANTS.map(({ id }) => id)).size).toBe(MUTANTS.length);
});

test.each(MUTANTS)(
  '$id: its text occurs once in its file, its tests are there, and it changes something',
  (mutant) => {
    expect(occurrences(readFileSync(join(ROOT, mutant.file), 'utf8'), mutant)).toBe(1);
    expect(mutant.tests.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(mutant.tests).not.toEqual([]);
    expect(mutant.replace).not.toBe(mutant.find);
  },
);
