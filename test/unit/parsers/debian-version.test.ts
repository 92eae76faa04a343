import { describe, expect, it } from 'vitest';
import { compareDebianVersions as compare } from '../../../pipeline/image/parsers/debian-version.ts';
import fc from '../../property.ts';

const part = fc.string({
  unit: fc.constantFrom(...'0019aZ.+~'),
  minLength: 0,
  maxLength: 6,
});
const version = fc
  .record({
    epoch: fc.constantFrom('', '0:', '1:', '10:'),
    upstream: part,
    revision: fc.option(part, { nil: undefined }),
  })
  .map(
    ({ epoch, upstream, revision }) => `${epoch}1${upstream}${revision === undefined ? '' : `-${revision}`}`,
  );

describe('order of Debian versions', () => {
  it('is that of the policy', () => {
    const rising = [
      '~~',
      '~~a',
      '~',
      '',
      '0.9-1',
      '1.0~rc1-1',
      '1.0-1~bpo1',
      '1.0-1',
      '1.0-1ubuntu1',
      '1.0-1+b1',
      '1.0-2',
      '1.0-10',
      '1.0a-1',
      '1.0+dfsg-1',
      '1.0.1-1',
      '1.10-1',
      '2-1',
      'a',
      '1:0.1',
      '2:0~',
    ];
    const shuffled = [...rising].reverse();
    expect(shuffled.sort(compare)).toEqual(rising);
  });

  it('takes a missing epoch and revision for 0', () => {
    expect(compare('1.0', '0:1.0-0')).toBe(0);
    expect(compare('1.0', '1.0-1')).toBeLessThan(0);
    expect(compare('01.0-001', '1.0-1')).toBe(0);
  });

  it('takes only the last hyphen for the revision', () => {
    expect(compare('1.0-3-1', '1.0-4')).toBeGreaterThan(0);
    expect(compare('1-2-3', '1-2-4')).toBeLessThan(0);
  });

  it('is an order: total, antisymmetric, transitive', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0);
        expect(compare(a, a)).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });

  it('puts a tilde before the end, at any place', () => {
    fc.assert(
      fc.property(version, (v) => {
        expect(compare(`${v}~`, v)).toBeLessThan(0);
      }),
    );
  });
});
