import { describe, expect, test } from 'vitest';
import * as client from '../../../pipeline/maas/site/address.ts';
import { addressText, contains, overlap, parseAddress, parseCidr } from '../../../sandbox/site/address.ts';
import fc from '../../property.ts';

describe("the sandbox' own address arithmetic", () => {
  // Each was given to ipaddress.ip_address of Python 3.11.7.
  test.each([
    ['0.0.0.0', 0n, '0.0.0.0'],
    ['255.255.255.255', 4294967295n, '255.255.255.255'],
    ['10.0.0.1', 167772161n, '10.0.0.1'],
    ['::', 0n, '::'],
    ['::1', 1n, '::1'],
    ['FD00:0::0001', 336294682933583715844663186250927177729n, 'fd00::1'],
    ['2001:db8:0:0:1:0:0:1', 42540766411282592856904266426630537217n, '2001:db8::1:0:0:1'],
    ['2001:db8::1:0:0:0', 42540766411282592856904266426630537216n, '2001:db8:0:0:1::'],
    ['1:2:3:4:5:6:7::', 5192455318486707404433266433261568n, '1:2:3:4:5:6:7:0'],
    ['::ffff:1.2.3.4', 281470698652420n, '::ffff:102:304'],
    ['1:0:0:2:0:0:0:3', 5192296858534864522018643748323331n, '1:0:0:2::3'],
    ['::2:3:4:5:6:7:8', 158459951879775902770104041480n, '0:2:3:4:5:6:7:8'],
  ])('%s', (text, value, spelled) =>
    expect(parseAddress(text)).toEqual({ family: text.includes(':') ? 6 : 4, value, text: spelled }),
  );

  test.each(
    [
      '1.2.3',
      '01.2.3.4',
      '1.2.3.256',
      '1.2.3.4.5',
      '1:2:3:4:5:6:7:8:9',
      '::1::',
      '12345::',
      '0x7f.0.0.1',
    ].concat([
      '127.1',
      '',
      ' 1.2.3.4',
      '::ffff:1.2.3.400',
      ':1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8::',
      'fe80::1%eth0',
      '[::1]',
    ]),
  )('%j is none', (text) => expect(parseAddress(text)).toBeUndefined());

  // Each was given to ipaddress.ip_network(…, strict=False) of Python 3.11.7.
  test.each([
    ['10.1.2.3/8', '10.0.0.0/8', 167772160n, 184549375n],
    ['10.0.0.1/32', '10.0.0.1/32', 167772161n, 167772161n],
    ['10.0.0.0/0', '0.0.0.0/0', 0n, 4294967295n],
    [
      'fd00::abcd/64',
      'fd00::/64',
      336294682933583715844663186250927177728n,
      336294682933583715863109930324636729343n,
    ],
    ['::1/128', '::1/128', 1n, 1n],
    ['192.168.1.255/31', '192.168.1.254/31', 3232236030n, 3232236031n],
  ])('the network %s', (given, text, first, last) =>
    expect(parseCidr(given)).toMatchObject({ text, first, last }),
  );

  test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '/8', 'fd00::/129', '10.0.0.0/-1'])(
    '%s is not a network',
    (text) => expect(parseCidr(text)).toBeUndefined(),
  );

  test("agrees with the client's, which is other code", () => {
    const address = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => ({ family: 4 as const, value, bits: 32 })),
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => ({ family: 6 as const, value, bits: 128 })),
      // Many zeros: what is left out of the text.
      fc
        .array(fc.constantFrom<bigint[]>(0n, 0n, 0n, 1n, 0xabcn), { minLength: 8, maxLength: 8 })
        .map((groups) => groups.reduce((sum, group) => (sum << 16n) | group, 0n))
        .map((value) => ({ family: 6 as const, value, bits: 128 })),
    );
    fc.assert(
      fc.property(address, address, fc.nat(128), (one, other, length) => {
        const text = addressText(one.family, one.value);
        expect(text).toBe(client.addressText(one.family, one.value));
        expect(parseAddress(text)).toEqual(client.parseAddress(text));
        const network = `${text}/${length % (one.bits + 1)}`;
        const [mine, theirs] = [parseCidr(network)!, client.parseCidr(network)!];
        expect(mine).toEqual(theirs);
        const at = { ...other, text: '' };
        expect(contains(mine, at)).toBe(client.contains(theirs, at));
        const around = { family: other.family, first: other.value, last: other.value };
        expect(overlap(mine, around)).toBe(client.overlap(theirs, around));
      }),
    );
  });
});
