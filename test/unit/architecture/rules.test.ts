import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../../pipeline/core/faults/catalogue.ts';
import fc from '../../property.ts';
import { LONGEST } from '../../sequencer.ts';
import { CODES } from './codes.ts';

const ROOT = join(import.meta.dirname, '../../..');
const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const sources = globSync(['pipeline/**/*.{ts,js}', 'sandbox/**/*.ts', 'scripts/**/*.{ts,js}', 'bin/*.js'], {
  cwd: ROOT,
  exclude: (name) => /node_modules|dist$/.test(String(name)),
});

test('no code of an error is renamed or taken away, and each keeps its exit code', () => {
  expect(CATALOGUE).toMatchObject(CODES);
});

test('no source file is longer than 300 lines', () => {
  const long = sources.filter((file) => text(file).trimEnd().split('\n').length > 300);
  expect(long).toEqual([]);
});

test('folders are made by makeFolders alone, which ends wherever a folder is asked for', () => {
  const calls = sources
    .filter((file) => file.startsWith('pipeline/'))
    .filter((file) => /\bmkdir(Sync)?\([^;]*recursive/.test(text(file)));
  expect(calls).toEqual([]);
});

test('unit tests run far from UTC', () => {
  // In 1970 Kathmandu was at 5:30.
  expect(new Date('2026-01-01').getTimezoneOffset()).toBe(-345);
});

test('tests of a property have the seed that they are given', () => {
  const seed = process.env.PROPERTY_SEED;
  expect(fc.readConfigureGlobal().seed).toBe(seed === undefined ? undefined : Number(seed));
  const tests = globSync('test/**/*.ts', { cwd: ROOT });
  const importing = tests.filter((file) => /^import .* from 'fast-check'/m.test(text(file)));
  expect(importing).toEqual(['test/property.ts']);
});

test('each rule of CONTRIBUTING names a test that is there', () => {
  const rules = text('CONTRIBUTING.md')
    .split('\n')
    .filter((line) => /^\| .* \| .*`test\//.test(line));
  expect(rules.length).toBeGreaterThan(10);
  const named = rules.flatMap((line) =>
    [...line.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path as string),
  );
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('the changelog has this version, and says since when', () => {
  const { version } = JSON.parse(text('package.json')) as { version: string };
  const heads = [...text('CHANGELOG.md').matchAll(/^## \[?([^\]\s]+)\]?(?: - (\S+))?$/gm)];
  expect(heads.map(([, name]) => name)).toContain(version);
  for (const [, name, date] of heads) if (name !== 'Unreleased') expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
});

test('each finding says of which versions it speaks, and can be run', () => {
  const findings = globSync('findings/*.sh', { cwd: ROOT });
  expect(findings.length).toBeGreaterThanOrEqual(3);
  for (const file of findings) {
    expect(text(file)).toMatch(/^#!\/bin\/sh\n# .*\n/);
    expect(text(file), file).toMatch(/^# .*\d+\.\d+/m);
    expect(text(file), file).toContain('Why it matters:');
    expect(text(file), file).toMatch(/^set -eu$/m);
  }
});

test('each test file that begins before others is there', () => {
  expect(LONGEST.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});
