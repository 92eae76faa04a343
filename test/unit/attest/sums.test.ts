import { describe, expect, it } from 'vitest';
import { formatSums, parseSums } from '../../../pipeline/image/attest/sums.ts';
import fc from '../../property.ts';

const A = 'a'.repeat(64);

describe('SHA256SUMS', () => {
  it('is read in both modes of sha256sum, and with its escapes', () => {
    expect(parseSums(`${A}  dgx1.tar.gz\n${A.toUpperCase()} *b\n\\${A}  a\\nb\\\\c\n`)).toEqual([
      { name: 'dgx1.tar.gz', sha256: A },
      { name: 'b', sha256: A },
      { name: 'a\nb\\c', sha256: A },
    ]);
  });

  it('is read as of --tag, and with comments, as `sha256sum -c` of coreutils 9.1 does', () => {
    expect(parseSums(`# made today\nSHA256 (a (1) = b) = ${A}\n\\SHA256 (a\\nb) = ${A}\n`)).toEqual([
      { name: 'a (1) = b', sha256: A },
      { name: 'a\nb', sha256: A },
    ]);
  });

  it.each([`${A} one-blank`, `${A}`, `${A.slice(1)}  short`, '<html>', `SHA512 (x) = ${A}`])(
    'is not %j',
    (text) => expect(parseSums(text)).toBeNull(),
  );

  it('keeps any name', () => {
    const name = fc.string({ unit: 'binary', minLength: 1 });
    const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
    fc.assert(
      fc.property(fc.array(fc.record({ name, sha256 })), (sums) => {
        expect(parseSums(formatSums(sums))).toEqual(sums);
      }),
    );
  });
});
