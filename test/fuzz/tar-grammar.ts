import fc from 'fast-check';

const BLOCK = 512;

/** A header with whatever is behind it, as data: fast-check makes it smaller when something is found. */
export interface Entry {
  type: string;
  name: string;
  link: string;
  prefix: string;
  magic: 'ustar' | 'gnu' | 'v7' | 'star';
  /** Fields as their bytes (latin1). */
  mode: string;
  uid: string;
  gid: string;
  mtime: string;
  device: string;
  size: number;
  /** How the size is written; `wrong` says another one. */
  sizeForm: 'octal' | 'blank-ended' | 'leading-blanks' | 'base-256' | 'wrong' | 'junk-behind';
  signedSum: boolean;
  /** PAX records for an `x` before it; null: none. */
  pax: [string, string][] | null;
  globalPax: [string, string][] | null;
  longName: string | null;
  longLink: string | null;
  sparse: { form: 'gnu' | '0.0' | '0.1' | '1.0'; map: [number, number][]; size: number } | null;
  zeroBlocks: number;
}

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

const MAGICS = { ustar: 'ustar\x0000', gnu: 'ustar  \0', v7: '\0\0\0\0\0\0\0\0', star: 'ustar\x0000' };

function sizeField(size: number, form: Entry['sizeForm']): string {
  const digits = size.toString(8);
  switch (form) {
    case 'blank-ended':
      return `${digits.padStart(11, '0')} `;
    case 'leading-blanks':
      return `${digits.padStart(10, ' ')} \0`;
    case 'junk-behind':
      return `${digits} ghijkl`.padEnd(12, 'x').slice(0, 12);
    case 'base-256':
      return `\x80${'\0'.repeat(9)}${String.fromCharCode(size >> 8, size & 255)}`;
    case 'wrong':
      return `${(size + 512).toString(8).padStart(11, '0')}\0`;
    default:
      return `${digits.padStart(11, '0')}\0`;
  }
}

/** A header with its body. The checksum holds. */
function member(
  fields: Partial<Entry> & { type: string; name: string },
  body: Buffer,
  declared = body.length,
): Buffer {
  const block = Buffer.alloc(BLOCK);
  const put = (text: string, at: number, length: number) => block.write(text.slice(0, length), at, 'latin1');
  put(fields.name, 0, 100);
  put(fields.mode ?? '0000644\0', 100, 8);
  put(fields.uid ?? '0000000\0', 108, 8);
  put(fields.gid ?? '0000000\0', 116, 8);
  put(sizeField(declared, fields.sizeForm ?? 'octal'), 124, 12);
  put(fields.mtime ?? '14000000000\0', 136, 12);
  put(fields.type, 156, 1);
  put(fields.link ?? '', 157, 100);
  put(MAGICS[fields.magic ?? 'ustar'], 257, 8);
  if (fields.magic !== 'v7') {
    put(fields.device ?? '0000000\0', 329, 8);
    put(fields.device ?? '0000000\0', 337, 8);
  }
  if (fields.magic === 'gnu' && fields.sparse?.form === 'gnu') {
    const slots = fields.sparse.map.slice(0, 4);
    for (const [i, [offset, length]] of slots.entries()) putSegment(block, 386 + i * 24, offset, length);
    if (fields.sparse.map.length > 4) block[482] = 1;
    put(`${fields.sparse.size.toString(8).padStart(11, '0')}\0`, 483, 12);
  } else if (fields.magic === 'ustar') put(fields.prefix ?? '', 345, 155);
  else if (fields.magic === 'star') {
    put((fields.prefix ?? '').slice(0, 130), 345, 131);
    put('14000000000 ', 476, 12);
    put('14000000000 ', 488, 12);
  }
  sign(block, fields.signedSum ?? false);
  return Buffer.concat([block, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]);
}

function putSegment(block: Buffer, at: number, offset: number, length: number): void {
  block.write(
    `${offset.toString(8).padStart(11, '0')}\0${length.toString(8).padStart(11, '0')}\0`,
    at,
    'latin1',
  );
}

function sign(block: Buffer, signed: boolean): void {
  block.fill(' ', 148, 156);
  let sum = 0;
  for (const byte of block) sum += signed && byte > 127 ? byte - 256 : byte;
  block.write(`${Math.max(sum, 0).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

function records(pairs: readonly [string, string][]): Buffer {
  return Buffer.concat(
    pairs.map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = rest.length;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.from(`${length}${rest}`, 'latin1');
    }),
  );
}

const padding = (bytes: Buffer) =>
  Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);

/** The bytes of one entry. */
export function entryBytes(e: Entry): Buffer {
  const parts: Buffer[] = [];
  if (e.globalPax) parts.push(member({ type: 'g', name: 'g' }, records(e.globalPax)));
  if (e.longName !== null)
    parts.push(
      member({ type: 'L', name: '././@LongLink', magic: 'gnu' }, Buffer.from(`${e.longName}\0`, 'latin1')),
    );
  if (e.longLink !== null)
    parts.push(
      member({ type: 'K', name: '././@LongLink', magic: 'gnu' }, Buffer.from(`${e.longLink}\0`, 'latin1')),
    );
  let pax = e.pax;
  let body = Buffer.alloc(e.size, 'content of a member\n');
  const { sparse } = e;
  let type = e.type;
  let more = Buffer.alloc(0);
  if (sparse) {
    const data = Buffer.concat(sparse.map.map(([, length]) => padding(Buffer.alloc(length, 'data'))));
    body = data;
    const size: [string, string] = [
      sparse.form === '1.0' ? 'GNU.sparse.realsize' : 'GNU.sparse.size',
      String(sparse.size),
    ];
    if (sparse.form === 'gnu') {
      type = 'S';
      for (let at = 4; at < sparse.map.length; at += 21) {
        const block = Buffer.alloc(BLOCK);
        for (const [i, [offset, length]] of sparse.map.slice(at, at + 21).entries())
          putSegment(block, i * 24, offset, length);
        if (at + 21 < sparse.map.length) block[504] = 1;
        more = Buffer.concat([more, block]);
      }
    } else if (sparse.form === '1.0') {
      pax = [
        ...(pax ?? []),
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.name', e.name],
        size,
      ];
      const text = [sparse.map.length, ...sparse.map.flat()].map((n) => `${n}\n`).join('');
      body = Buffer.concat([padding(Buffer.from(text)), data]);
    } else {
      pax = [...(pax ?? []), size, ['GNU.sparse.numblocks', String(sparse.map.length)]];
      if (sparse.form === '0.1') pax.push(['GNU.sparse.map', sparse.map.flat().join(',')]);
      else
        for (const [offset, length] of sparse.map)
          pax.push(['GNU.sparse.offset', String(offset)], ['GNU.sparse.numbytes', String(length)]);
    }
  } else if (!'0\x007DVMSNAz9I'.includes(type)) body = Buffer.alloc(0);
  if (pax) parts.push(member({ type: 'x', name: 'x' }, records(pax)));
  const magic = sparse?.form === 'gnu' ? 'gnu' : sparse ? 'ustar' : e.magic;
  const declared = body.length === 0 && e.size === 513 ? 513 : body.length;
  const whole = member({ ...e, type, magic }, body, declared);
  parts.push(whole.subarray(0, BLOCK), more, whole.subarray(BLOCK), Buffer.alloc(e.zeroBlocks * BLOCK));
  return Buffer.concat(parts);
}

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
