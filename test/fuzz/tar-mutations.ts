import { gunzipSync, gzipSync } from 'node:zlib';
import fc from '../property.ts';
import { type Change, change, MOST_BYTES } from './mutations.ts';

const BLOCK = 512;

/** Fields of a ustar header: offset and length. */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  type: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const;

const NAMES = [
  '',
  '.',
  './',
  '..',
  '../x',
  '/etc/passwd',
  './a/../../b',
  'a//b',
  './etc/shadow',
  './curtin/curtin-hooks',
];
const NUMBERS = [
  '',
  '0',
  '1',
  '777',
  '00000000000',
  '77777777777',
  '00000001000',
  '-1',
  '9',
  ' 12 ',
  'x',
  '\x80\0\0\0\0\0\0\0\0\0\0\x01',
  '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff',
];
const KEYS = [
  'path',
  'linkpath',
  'size',
  'mtime',
  'uid',
  'hdrcharset',
  'GNU.sparse.major',
  'GNU.sparse.minor',
  'GNU.sparse.map',
  'GNU.sparse.realsize',
  'GNU.sparse.name',
  'GNU.sparse.size',
  'SCHILY.xattr.security.capability',
  'SCHILY.xattr.user.x',
  'SCHILY.acl.access',
  '',
];

/** Offsets of the headers whose checksum holds, walking as a reader does. */
function headers(tar: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + BLOCK <= tar.length; at += BLOCK)
    if (checksum(tar, at) === written(tar, at)) found.push(at);
  return found;
}

function checksum(tar: Buffer, at: number): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += tar[at + i]!;
  return sum;
}

function written(tar: Buffer, at: number): number {
  return Number.parseInt(tar.toString('latin1', at + 148, at + 154), 8);
}

function sign(tar: Buffer, at: number): void {
  tar.write(`${checksum(tar, at).toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
}

/** The member whose header stands at the place: its header and the content that the header speaks of. */
function memberEnd(tar: Buffer, at: number): number {
  const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8) || 0;
  return Math.min(tar.length, at + BLOCK + Math.ceil(size / BLOCK) * BLOCK);
}

/** Sets a field of a header to something odd; the checksum holds again after it. */
const field: fc.Arbitrary<Change> = fc
  .tuple(
    fc.nat(),
    fc.constantFrom(...(Object.keys(FIELDS) as (keyof typeof FIELDS)[])),
    fc.oneof(
      fc.constantFrom(...NUMBERS, ...NAMES, ...'0123456789xgLKSDVXA\0', 'ustar  \0', 'ustar\x0000'),
      fc.string({ unit: 'binary-ascii', maxLength: 160 }),
    ),
  )
  .map(([which, name, value]) => (input) => {
    const all = headers(input);
    if (all.length === 0) return input;
    const tar = Buffer.from(input);
    const at = all[which % all.length]!;
    const [offset, length] = FIELDS[name];
    tar.fill(0, at + offset, at + offset + length);
    tar.write(value.slice(0, length), at + offset, 'latin1');
    sign(tar, at);
    return tar;
  });

/** Copies a member to another place, or takes it away. */
const member: fc.Arbitrary<Change> = fc
  .tuple(fc.nat(), fc.nat(), fc.boolean())
  .map(([from, to, away]) => (input) => {
    const all = headers(input);
    if (all.length === 0) return input;
    const start = all[from % all.length]!;
    const end = memberEnd(input, start);
    if (away) return Buffer.concat([input.subarray(0, start), input.subarray(end)]);
    const target = all[to % all.length]!;
    return Buffer.concat([input.subarray(0, target), input.subarray(start, end), input.subarray(target)]);
  });

const record = fc
  .tuple(
    fc.constantFrom(...KEYS),
    fc.oneof(fc.constantFrom(...NAMES, ...NUMBERS, '1,2,3', '0,1,99999999999'), fc.string({ maxLength: 40 })),
    fc.integer({ min: -3, max: 3 }),
  )
  .map(([key, value, wrong]) => {
    const rest = ` ${key}=${value}\n`;
    let length = rest.length;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    // Seldom a length that is not true.
    return `${wrong === 3 ? length + 7 : length}${rest}`;
  });

/** A PAX or GNU header before a member. */
const extension: fc.Arbitrary<Change> = fc
  .tuple(fc.nat(), fc.constantFrom('x', 'g', 'L', 'K'), fc.array(record, { maxLength: 5 }))
  .map(([which, type, records]) => (input) => {
    const body = Buffer.from(records.join(''), 'latin1');
    const block = Buffer.alloc(BLOCK + Math.ceil(body.length / BLOCK) * BLOCK);
    block.write('./PaxHeaders/x', 0);
    block.write('0000644\0', 100);
    block.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
    block.write(type, 156);
    block.write('ustar\x0000', 257, 'latin1');
    body.copy(block, BLOCK);
    sign(block, 0);
    const all = headers(input);
    const at = all[which % (all.length || 1)] ?? 0;
    return Buffer.concat([input.subarray(0, at), block, input.subarray(at)]);
  });

/** Changes of an archive that a reader does not see through at the first checksum. */
export const tarChange: fc.Arbitrary<Change> = fc.oneof(
  { arbitrary: field, weight: 4 },
  { arbitrary: member, weight: 2 },
  { arbitrary: extension, weight: 2 },
  { arbitrary: change, weight: 1 },
);

/** Changes of a gzip file: of its bytes, of what it holds, and of how many members it has. */
export const gzipChange: fc.Arbitrary<Change> = fc.oneof(
  { arbitrary: change, weight: 2 },
  {
    arbitrary: tarChange.map(
      (one): Change =>
        (input) =>
          within(input, one),
    ),
    weight: 2,
  },
  fc.integer({ min: 1, max: 2000 }).map(
    (zeros): Change =>
      (input) =>
        Buffer.concat([input, Buffer.alloc(zeros)]),
  ),
  fc.constant<Change>((input) => Buffer.concat([input, input])),
  fc.double({ min: 0, max: 1, noNaN: true }).map(
    (where): Change =>
      (input) =>
        split(input, where),
  ),
);

function within(input: Buffer, one: Change): Buffer {
  const tar = content(input);
  return tar ? gzipSync(one(tar)) : one(input);
}

/** The same content in two gzip members. */
function split(input: Buffer, where: number): Buffer {
  const tar = content(input);
  if (!tar) return input;
  const at = Math.floor(where * tar.length);
  return Buffer.concat([gzipSync(tar.subarray(0, at)), gzipSync(tar.subarray(at))]);
}

function content(input: Buffer): Buffer | undefined {
  try {
    return gunzipSync(input, { maxOutputLength: MOST_BYTES });
  } catch {
    return undefined;
  }
}
