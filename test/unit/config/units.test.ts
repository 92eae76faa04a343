import { describe, expect, it } from 'vitest';
import { parseAge, parseDuration, parseSize } from '../../../pipeline/config/units.ts';
import fc from '../../property.ts';

const POWER = { K: 1, M: 2, G: 3, T: 4 } as const;
const unit = fc.constantFrom('K', 'M', 'G', 'T');

describe('sizes', () => {
  it('count in powers of 1024, in either case, with or without iB', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 4096 }),
        unit,
        fc.boolean(),
        fc.constantFrom('', 'iB'),
        (count, letter, lower, tail) => {
          const text = `${count}${lower ? letter.toLowerCase() : letter}${tail}`;
          expect(parseSize(text)).toBe(count * 1024 ** POWER[letter]);
        },
      ),
    );
  });

  it('take fractions of a unit where whole bytes come out', () => {
    expect(parseSize('1.5G')).toBe(1536 * 1024 ** 2);
    expect(parseSize('0.3K')).toBeNull();
  });

  it.each(['', '9', 'G', '9GB', '9 G', '-9G', '9.G', '9e3G', '0x9G', '9G ', '99999999T', '\n9G'])(
    'refuse %j',
    (text) => {
      expect(parseSize(text)).toBeNull();
    },
  );

  it('are a whole number of bytes or nothing, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,20}[KMGTkmgt]i?B?$/)), (text) => {
        const bytes = parseSize(text);
        expect(bytes === null || (Number.isSafeInteger(bytes) && bytes >= 0)).toBe(true);
      }),
    );
  });
});

describe('times', () => {
  it('count in seconds', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), (count) => {
        expect([parseDuration(`${count}s`), parseDuration(`${count}m`), parseDuration(`${count}h`)]).toEqual([
          count,
          count * 60,
          count * 3600,
        ]);
      }),
    );
  });

  it.each(['', '90', 'm', '1.5h', '90min', '-1s', '9999999999999999h'])('refuse %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});

describe('an age', () => {
  it.each([
    ['7d', 604_800],
    ['90m', 5400],
    ['never', null],
    ['', undefined],
    ['7', undefined],
    ['d', undefined],
    ['1.5d', undefined],
    ['9999999999999999d', undefined],
    [undefined, undefined],
  ])('%j is %j', (text, value) => {
    expect(parseAge(text)).toBe(value);
  });
});
