import { describe, expect, it } from 'vitest';
import {
  addressText,
  contains,
  overlap,
  parseAddress,
  parseCidr,
} from '../../../pipeline/maas/site/address.ts';
import fc from '../../property.ts';

const v4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
const v6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
const address = fc.oneof(
  v4.map((value) => ({ family: 4 as const, value, bits: 32 })),
  v6.map((value) => ({ family: 6 as const, value, bits: 128 })),
);

describe('addresses', () => {
  it('are the same number after they were text', () => {
    fc.assert(
      fc.property(address, ({ family, value }) => {
        const text = addressText(family, value);
        expect(parseAddress(text)).toEqual({ family, value, text });
      }),
    );
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    'fe80::1%eth0',
    ':::',
    'a',
    '1.2.3.4/8',
  ])('%j is none', (text) => expect(parseAddress(text)).toBeUndefined());

  it.each([
    ['FD00:0::0001', 'fd00::1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
  ])('%s is spelled as MAAS does', (text, spelled) => expect(parseAddress(text)?.text).toBe(spelled));
});

describe('networks', () => {
  it('hold the address they were made of, and as many as their length says', () => {
    fc.assert(
      fc.property(address, fc.nat(128), ({ family, value, bits }, length) => {
        fc.pre(length <= bits);
        const cidr = parseCidr(`${addressText(family, value)}/${length}`)!;
        expect(cidr.last - cidr.first + 1n).toBe(2n ** BigInt(bits - length));
        expect(contains(cidr, { family, value, text: '' })).toBe(true);
        expect(parseCidr(cidr.text)).toEqual(cidr);
      }),
    );
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '/8', 'fd00::/129', '10.0.0.0/-1'])(
    '%s is none',
    (text) => expect(parseCidr(text)).toBeUndefined(),
  );

  it('overlap exactly when they share an address', () => {
    const small = fc.record({
      first: fc.bigInt({ min: 0n, max: 20n }),
      size: fc.bigInt({ min: 0n, max: 10n }),
    });
    fc.assert(
      fc.property(small, small, (a, b) => {
        const [x, y] = [a, b].map(({ first, size }) => ({
          family: 4 as const,
          first,
          last: first + size,
        })) as [never, never];
        const inside = (n: bigint, of: typeof a) => of.first <= n && n <= of.first + of.size;
        const shared = Array.from({ length: 40 }, (_, n) => BigInt(n)).some(
          (n) => inside(n, a) && inside(n, b),
        );
        expect(overlap(x, y)).toBe(shared);
      }),
    );
    expect(overlap({ family: 4, first: 1n, last: 2n }, { family: 6, first: 1n, last: 2n })).toBe(false);
  });
});
