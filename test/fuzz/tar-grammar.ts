import fc from '../property.ts';
import { type Entry, entryBytes } from './tar-entry.ts';

const BLOCK = 512;

const component = fc.constantFrom('a', 'b', 'c', 'd', 'l', 'm', '.', 'e\xc3\xa9', 'sp ace', 'n'.repeat(60));
const name = fc.oneof(
  {
    arbitrary: fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
    weight: 12,
  },
  {
    arbitrary: fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => `./${parts.join('/')}`),
    weight: 6,
  },
  {
    arbitrary: fc.constantFrom(
      '',
      '.',
      './',
      'a/',
      'a/b/',
      'a//b',
      'a/.',
      '/a',
      '//',
      '..',
      'a/../b',
      './.',
      'l/',
      'a/./',
    ),
    weight: 1,
  },
  {
    arbitrary: fc.constantFrom(
      'x'.repeat(255),
      'x'.repeat(256),
      `a/${'y'.repeat(255)}/b`,
      `a/${'y'.repeat(256)}/b`,
      `${'p'.repeat(200)}/`.repeat(20) + 'q'.repeat(75),
      `${'p'.repeat(200)}/`.repeat(20) + 'q'.repeat(76),
      `./${'p'.repeat(200)}/`.repeat(20) + 'q'.repeat(60),
    ),
    weight: 1,
  },
);
const linkName = fc.oneof(
  { arbitrary: name, weight: 6 },
  {
    arbitrary: fc.constantFrom(
      'a',
      'b',
      'd',
      '../a',
      '/etc/a',
      'a/b',
      '',
      'l',
      't'.repeat(4095),
      't'.repeat(4096),
    ),
    weight: 4,
  },
);
// Most fields are right: one odd field is enough to end the reading.
const octal = (most: number, digits: number) =>
  fc.nat(most).map((value) => value.toString(8).padStart(digits, '0'));
const field = (most: number, digits: number, odd: string[]) =>
  fc.oneof(
    { arbitrary: octal(most, digits).map((text) => `${text}\0`), weight: 60 },
    { arbitrary: fc.constantFrom(...odd), weight: 1 },
  );
const ODD8 = [
  '        ',
  '\0\0\0\0\0\0\0\0',
  '0000644 ',
  '   644 \0',
  '644\0junk',
  '00000644',
  '\x80\0\0\0\0\0\x01\xa4',
  '\xff\xff\xff\xff\xff\xff\xff\xff',
  '\xff\0\0\0\0\0\0\0',
  '000x644\0',
  '-644\0\0\0\0',
  '77777777',
  '\x000644\0',
  '\t644\n\0\0\0',
];
const ODD12 = [
  '            ',
  '\0\0\0\0\0\0\0\0\0\0\0\0',
  '14000000000 ',
  '777777777777',
  '-1          ',
  '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xf0',
  '\x80\0\0\0\0\0\0\0\0\0\0\x01',
  '\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff',
  '1234567890x\0',
];
const record = fc.oneof(
  { arbitrary: fc.tuple(fc.constant('path'), name), weight: 4 },
  { arbitrary: fc.tuple(fc.constant('linkpath'), linkName), weight: 3 },
  {
    arbitrary: fc.tuple(
      fc.constantFrom(
        'uid',
        'gid',
        'size',
        'mtime',
        'atime',
        'uname',
        'comment',
        'hdrcharset',
        'VENDOR.x',
        'SCHILY.xattr.user.x',
        'SCHILY.xattr.user.a%3Db',
        'GNU.dumpdir',
        'GNU.volume.label',
      ),
      fc.constantFrom(
        '0',
        '1',
        '1000',
        '-1',
        '4294967294',
        '4294967295',
        '99999999999',
        '1.5',
        '-1.25',
        '',
        'x',
        '007',
        '512',
      ),
    ),
    weight: 6,
  },
  {
    arbitrary: fc.tuple(
      fc.constantFrom(
        'GNU.sparse.name',
        'GNU.sparse.major',
        'GNU.sparse.realsize',
        'GNU.sparse.size',
        'GNU.sparse.numblocks',
        'GNU.sparse.map',
      ),
      fc.constantFrom('0', '1', '2', '512', '0,512', '0,1,512,0', 'a'),
    ),
    weight: 1,
  },
);
const map = fc
  .array(fc.tuple(fc.constantFrom(0, 1, 512, 1024, 100_000), fc.constantFrom(0, 1, 511, 512, 700)), {
    maxLength: 6,
  })
  .map((gaps) => {
    const entries: [number, number][] = [];
    let at = 0;
    for (const [gap, length] of gaps) {
      entries.push([at + gap, length]);
      at += gap + length;
    }
    return entries;
  });
const sparse = fc
  .record({
    form: fc.constantFrom('gnu' as const, '0.0' as const, '0.1' as const, '1.0' as const),
    map: fc.oneof(
      { arbitrary: map, weight: 4 },
      {
        arbitrary: fc.array(fc.tuple(fc.constantFrom(0, 512, 1024), fc.constantFrom(0, 512, 700)), {
          maxLength: 30,
        }),
        weight: 1,
      },
    ),
    off: fc.oneof(
      { arbitrary: fc.constant(0), weight: 4 },
      { arbitrary: fc.constantFrom(-1, 1, 512), weight: 1 },
    ),
  })
  .map(({ off, ...rest }) => {
    const end = (rest.map as [number, number][]).reduce(
      (most, [offset, length]) => Math.max(most, offset + length),
      0,
    );
    return { ...rest, size: Math.max(0, end + off) };
  });

const rarely = <T>(arbitrary: fc.Arbitrary<T>, weight = 1, of = 8) =>
  fc.oneof({ arbitrary: fc.constant(null), weight: of - weight }, { arbitrary, weight });

/** Entries as some tar could have written them, and as none would. */
export const entry: fc.Arbitrary<Entry> = fc.record({
  type: fc.oneof(
    { arbitrary: fc.constantFrom('0', '5', '0', '5', '2', '1', '\0', '6', '7'), weight: 12 },
    {
      arbitrary: fc.constantFrom(
        'D',
        'V',
        'M',
        'S',
        'N',
        'A',
        'z',
        'X',
        'x',
        'g',
        'L',
        'K',
        '3',
        '4',
        '9',
        'I',
      ),
      weight: 2,
    },
  ),
  name,
  link: linkName,
  prefix: fc.oneof(
    { arbitrary: fc.constant(''), weight: 6 },
    { arbitrary: fc.constantFrom('a', './a', 'p'.repeat(155), 'q'.repeat(130)), weight: 1 },
  ),
  magic: fc.constantFrom('ustar', 'gnu', 'v7', 'star'),
  mode: field(0o7777, 7, ODD8),
  uid: field(70_000, 7, ODD8),
  gid: field(70_000, 7, ODD8),
  mtime: field(2 ** 31 - 1, 11, ODD12),
  device: field(200, 7, ODD8),
  size: fc.constantFrom(0, 0, 1, 511, 512, 513, 1400),
  sizeForm: fc.oneof(
    { arbitrary: fc.constant('octal' as const), weight: 20 },
    {
      arbitrary: fc.constantFrom(
        'blank-ended' as const,
        'leading-blanks' as const,
        'base-256' as const,
        'junk-behind' as const,
      ),
      weight: 5,
    },
    { arbitrary: fc.constant('wrong' as const), weight: 1 },
  ),
  signedSum: fc.boolean(),
  pax: rarely(fc.array(record, { maxLength: 3 }), 1),
  globalPax: rarely(fc.array(record, { maxLength: 2 }), 1, 20),
  longName: rarely(name, 1, 12),
  longLink: rarely(linkName, 1, 12),
  sparse: rarely(sparse, 1, 12),
  zeroBlocks: fc.oneof(
    { arbitrary: fc.constant(0), weight: 40 },
    { arbitrary: fc.constantFrom(1, 2), weight: 1 },
  ),
});

/** An archive of entries; `end`: zero blocks behind them, and what follows. */
export const archive: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.array(entry, { minLength: 1, maxLength: 6 }),
    fc.oneof({ arbitrary: fc.constant(2), weight: 8 }, { arbitrary: fc.constantFrom(0, 1), weight: 1 }),
    fc.oneof(
      { arbitrary: fc.constant(''), weight: 8 },
      { arbitrary: fc.constantFrom('trailing', '\xa6L2.\xd6\x14\xae\xdbx'), weight: 1 },
    ),
  )
  .map(([entries, zeros, behind]) =>
    Buffer.concat([...entries.map(entryBytes), Buffer.alloc(zeros * BLOCK), Buffer.from(behind, 'latin1')]),
  );
