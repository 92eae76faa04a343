import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ordered } from '../../mutants/choose.ts';
import { armed, mayDiffer, placesOf } from '../../mutants/every.ts';
import { EQUIVALENT } from '../../mutants/table/equivalent.ts';

const ROOT = join(import.meta.dirname, '../../..');
const SOURCE = `/** a < b && c */
const found = (a: number, b: number, said: string[]) => {
  if (said.includes('x === y')) return \`\${a >= b}\`;
  if (!said) return 'none';
  return a < b && said.length !== 2 ? 'both' : 'neither';
};
`;

describe('the places of a file', () => {
  test('are its comparisons, its && and ||, and each if with neither', () => {
    expect(placesOf('pipeline/core/found.ts', SOURCE).map(({ id, fault }) => [id, fault])).toEqual([
      ['core/found:3:7:if:false', 'false'],
      ['core/found:3:45:>=:>', 'a > b'],
      ['core/found:4:7:if:false', 'false'],
      ['core/found:5:16:&&:||', 'a < b || said.length !== 2'],
      ['core/found:5:12:<:<=', 'a <= b'],
      ['core/found:5:31:!==:===', 'said.length === 2'],
    ]);
  });

  test.each([
    ['-', ['false', 'neither', 'both']],
    ['10', ['both', 'neither', 'both']],
    ['11', ['false', 'neither', 'both']],
    ['13', ['false', 'both', 'both']],
    ['14', ['false', 'both', 'both']],
    ['15', ['false', 'neither', 'neither']],
  ])('are all in the armed source, of which number %s alone is in force', (active, expected) => {
    const state = mkdtempSync(join(tmpdir(), 'mutants-'));
    onTestFinished(() => rmSync(state, { recursive: true }));
    writeFileSync(join(state, 'active'), active);
    const code = armed(SOURCE, placesOf('pipeline/core/found.ts', SOURCE), 10, state);
    const calls = `[found(1, 2, ['x === y']), found(2, 2, []), found(1, 2, [])]`;
    expect([...runInNewContext(`${stripTypeScriptTypes(code)}\n${calls}`, { process })]).toEqual(expected);
  });

  test.each([
    ['found(1, 1, [])', ['13', '14']],
    ['found(2, 2, ["x === y"])', ['10', '11']],
    ['found(1, 2, ["x"])', ['13', '15']],
    ['found(1, 2, [])', ['13', '15']],
  ])('record for %s the faults that may change the answer', (call, expected) => {
    const state = mkdtempSync(join(tmpdir(), 'mutants-'));
    onTestFinished(() => rmSync(state, { recursive: true }));
    const places = placesOf('pipeline/core/found.ts', SOURCE);
    const code = armed(SOURCE, places, 10, state);
    runInNewContext(`${stripTypeScriptTypes(code)}\n${call}`, { process });
    const seen = readFileSync(join(state, 'seen'), 'utf8').trim().split('\n');
    const may = seen.filter((line) => {
      const [number, answers] = line.split(' ').map(Number);
      return mayDiffer(places[number! - 10]!, answers!);
    });
    expect(may.map((line) => line.split(' ')[0]).sort()).toEqual(expected.sort());
  });
});

describe('the tests of a fault', () => {
  const place = placesOf('pipeline/core/found.ts', SOURCE)[0]!;
  const candidate = (file: string, answers: number, size: number) => ({
    file,
    test: { id: file, name: '', ms: 1, places: new Map(Array.from({ length: size }, (_, i) => [i, 1])) },
    answers,
  });

  test('are by turns those with rare answers, those about little else, its own file first, and those about all', () => {
    const order = ordered(place, [
      candidate('wide.test.ts', 1, 9),
      candidate('found.test.ts', 1, 8),
      candidate('rare.test.ts', 3, 7),
      candidate('narrow.test.ts', 1, 2),
    ]);
    expect(order.map(({ file }) => file)).toEqual([
      'rare.test.ts',
      'found.test.ts',
      'wide.test.ts',
      'narrow.test.ts',
    ]);
  });
});

test('each fault that is not counted is made at one place, and says why', () => {
  for (const { file, text, fault, why } of EQUIVALENT) {
    const places = placesOf(file, readFileSync(join(ROOT, file), 'utf8'));
    expect([text, places.filter((place) => place.text === text && place.fault === fault).length]).toEqual([
      text,
      1,
    ]);
    expect(why).toMatch(/^[A-Z].*\.$/);
  }
});
