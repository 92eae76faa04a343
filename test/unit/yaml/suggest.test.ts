import { describe, expect, it } from 'vitest';
import { suggest } from '../../../pipeline/core/text/suggest.ts';
import fc from '../../property.ts';

const KEYS = [
  'release',
  'platform',
  'version',
  'iso',
  'vm',
  'packages',
  'late_commands',
  'files',
  'compression',
  'upload',
];

describe('did you mean', () => {
  it.each([
    ['relaese', 'release'],
    ['plattform', 'platform'],
    ['lateCommands', 'late_commands'],
    ['late-commands', 'late_commands'],
    ['VM', 'vm'],
    ['package', 'packages'],
    ['file', 'files'],
  ])('%s is meant as %s', (word, meant) => {
    expect(suggest(word, KEYS)).toBe(meant);
  });

  it.each(['banana', 'x', '', 'architecture'])('finds nothing near %j', (word) => {
    expect(suggest(word, KEYS)).toBeUndefined();
  });

  it('finds any key again after one letter was changed, dropped or added', () => {
    const long = KEYS.filter((key) => key.length >= 5);
    fc.assert(
      fc.property(fc.constantFrom(...long), fc.nat(), fc.constantFrom('x', '', 'xq'), (key, at, letters) => {
        const i = at % key.length;
        expect(suggest(key.slice(0, i) + letters + key.slice(i + 1), KEYS)).toBe(key);
      }),
    );
  });

  it('is one of the candidates or nothing', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (word, candidates) => {
        const found = suggest(word, candidates);
        expect(found === undefined || candidates.includes(found)).toBe(true);
      }),
    );
  });
});
