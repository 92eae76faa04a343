import parse from 'spdx-expression-parse';
import { describe, expect, it } from 'vitest';
import { spdxOf } from '../../../pipeline/image/attest/spdx.ts';
import fc from '../../property.ts';

describe('the SPDX expression of a licence as Debian names it', () => {
  it.each([
    ['GPL-2', 'GPL-2.0-only'],
    ['GPL-2+', 'GPL-2.0-or-later'],
    ['gpl-2.0+', 'GPL-2.0-or-later'],
    ['LGPL-2.1+', 'LGPL-2.1-or-later'],
    ['GFDL-NIV-1.3+', 'GFDL-1.3-no-invariants-or-later'],
    ['Expat', 'MIT'],
    ['BSD-3-clause', 'BSD-3-Clause'],
    ['Apache-2.0', 'Apache-2.0'],
    ['GPL-2+ or Expat', 'GPL-2.0-or-later OR MIT'],
    ['GPL-2 and Expat or ISC', 'GPL-2.0-only AND MIT OR ISC'],
    ['GPL-2+ or Expat, and Zlib', '(GPL-2.0-or-later OR MIT) AND Zlib'],
    ['ISC and Zlib, or Expat', 'ISC AND Zlib OR MIT'],
  ])('%s is %s', (debian, spdx) => {
    expect(spdxOf(debian)).toBe(spdx);
  });

  it.each([
    'GPL',
    'GPL-9',
    'Artistic',
    'public-domain',
    'constructor',
    '',
    'GPL-2+ with OpenSSL exception',
    'GPL-1+ or Artistic',
    'ISC, and Expat, or Zlib',
    'ISC or',
    'Expat, and Artistic',
    'Expat, or Artistic',
  ])('%s has none that is certain', (debian) => {
    expect(spdxOf(debian)).toBeNull();
  });

  it('is not looked for in what is longer than any licence’s name', () => {
    const licence = `ISC or${' '.repeat(500 - 'ISC orExpat'.length)}Expat`;
    expect([licence.length, spdxOf(licence)]).toEqual([500, 'ISC OR MIT']);
    expect(spdxOf(licence.replace('or', 'or '))).toBeNull();
  });

  it('is one that an SPDX parser takes, with the same meaning', () => {
    const name = fc.constantFrom('GPL-2+', 'LGPL-3', 'Expat', 'ISC', 'Apache-2', 'BSD-3-clause');
    const words = fc.array(fc.tuple(fc.constantFrom(' or ', ' and '), name), { maxLength: 4 });
    const clause = fc.tuple(name, words).map(([first, rest]) => first + rest.flat().join(''));
    const list = fc.tuple(
      fc.constantFrom(', and ', ', or '),
      fc.array(clause, { minLength: 1, maxLength: 3 }),
    );
    fc.assert(
      fc.property(list, ([comma, clauses]) => {
        const expression = spdxOf(clauses.join(comma))!;
        // Every way of holding and not holding licences decides both alike.
        for (let held = 0; held < 64; held++)
          expect(holds(parse(expression), held), expression).toBe(
            comma === ', and '
              ? clauses.every((one) => clauseHolds(one, held))
              : clauses.some((one) => clauseHolds(one, held)),
          );
      }),
    );
  });
});

const DEBIAN = ['GPL-2+', 'LGPL-3', 'Expat', 'ISC', 'Apache-2', 'BSD-3-clause'];
const IDS = ['GPL-2.0-or-later', 'LGPL-3.0-only', 'MIT', 'ISC', 'Apache-2.0', 'BSD-3-Clause'];

function clauseHolds(clause: string, held: number): boolean {
  return clause
    .split(' or ')
    .some((part) => part.split(' and ').every((name) => held & (1 << DEBIAN.indexOf(name))));
}

function holds(info: parse.Info, held: number): boolean {
  if ('conjunction' in info) {
    const [left, right] = [holds(info.left, held), holds(info.right, held)];
    return info.conjunction === 'and' ? left && right : left || right;
  }
  return (held & (1 << IDS.indexOf(info.license))) !== 0;
}
