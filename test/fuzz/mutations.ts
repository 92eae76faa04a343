import fc from '../property.ts';

/** Inputs never grow beyond this: what is looked for is a wrong step, not a slow one. */
export const MOST_BYTES = 256 << 10;

/** A change of an input; the same change of the same input gives the same output. */
export type Change = (input: Buffer) => Buffer;

const place = fc.double({ min: 0, max: 1, noNaN: true });
const length = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 2048 }));

const at = (input: Buffer, where: number) => Math.min(input.length, Math.floor(where * input.length));

/** Bytes with a meaning to some parser. */
const TOKENS = [
  ...'\n\r\t #:=,;"\'`\\/[]{}()<>*?$%!|&~@+-.0aZ\0',
  ...[
    '\r\n',
    '\\\n',
    '\n\n',
    '"""',
    "'''",
    '../',
    '/etc/',
    '=""',
    '0x',
    '-1',
    '1e999',
    '99999999999999999999',
  ],
  ...['\ud83d\ude00', '\ufeff', '\u2028', '__proto__', 'constructor', 'toString', 'Include *', 'Match all'],
  ...['Package: ', 'Status: install ok installed', 'Version: ', 'Files: *', 'License: ', 'deb [', 'URIs: '],
  ...[
    'menuentry ',
    'submenu ',
    'linux /vmlinuz-',
    '#!/bin/sh',
    'network:',
    'ethernets: ',
    '&a ',
    '*a',
    '<<: ',
  ],
  ...[
    'NOPASSWD:',
    'Defaults !authenticate',
    'Acquire::http::Proxy ',
    'UUID=',
    '/dev/sda1',
    '$6$',
    'linux-generic',
  ],
];

const token = fc.oneof(
  fc.constantFrom(...TOKENS).map((said) => Buffer.from(said)),
  fc.uint8Array({ minLength: 1, maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
);

/** Changes of bytes that know nothing of their form. */
export const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, fc.nat(255)).map(
    ([where, byte]): Change =>
      (input) => {
        const output = Buffer.from(input);
        if (output.length > 0) output[Math.min(at(input, where), input.length - 1)] = byte;
        return output;
      },
  ),
  fc.tuple(place, token, fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 400 }))).map(
    ([where, bytes, times]): Change =>
      (input) =>
        Buffer.concat([
          input.subarray(0, at(input, where)),
          ...Array.from({ length: times }, () => bytes),
          input.subarray(at(input, where)),
        ]),
  ),
  fc.tuple(place, length).map(
    ([where, bytes]): Change =>
      (input) =>
        Buffer.concat([input.subarray(0, at(input, where)), input.subarray(at(input, where) + bytes)]),
  ),
  fc.tuple(place, length, place).map(
    ([from, bytes, to]): Change =>
      (input) =>
        Buffer.concat([
          input.subarray(0, at(input, to)),
          input.subarray(at(input, from), at(input, from) + bytes),
          input.subarray(at(input, to)),
        ]),
  ),
  place.map(
    (where): Change =>
      (input) =>
        input.subarray(0, at(input, where)),
  ),
);

/** Inputs made of a seed by some changes, and a few made of nothing. */
export function inputs(
  seeds: readonly Buffer[],
  changes: fc.Arbitrary<Change> = change,
): fc.Arbitrary<Buffer> {
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(changes, { minLength: 1, maxLength: 10 }))
    .map(([seed, all]) => all.reduce((input, one) => one(input), seed).subarray(0, MOST_BYTES));
  const fresh = fc.array(token, { maxLength: 60 }).map((parts) => Buffer.concat(parts));
  return fc.oneof({ arbitrary: mutated, weight: 9 }, { arbitrary: fresh, weight: 1 });
}
