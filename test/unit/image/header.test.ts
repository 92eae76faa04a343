import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompressor } from '../../../pipeline/image/tar/decompress.ts';
import { checksumOk, formatOfHeader, isZero, number, text } from '../../../pipeline/image/tar/header.ts';
import { parsePax, paxNumber } from '../../../pipeline/image/tar/pax.ts';
import { fixChecksum, inspect, setType, tarOf } from '../checks/root.ts';

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1');

describe('a number of a header, as GNU tar 1.34 reads it', () => {
  it.each<[string, number | null, ({ octal?: boolean; signed?: boolean } | undefined)?]>([
    ['00000644', 0o644],
    ['0000644\0', 0o644],
    ['000644 \0', 0o644],
    ['   644\0\0', 0o644],
    ['\0 644\0\0\0', 0o644],
    ['\t\n\v\f\r7\0\0', 7],
    ['\x0e7\0\0\0\0\0\0', null],
    ['\x087\0\0\0\0\0\0', null],
    ['0000648\0', null],
    ['0000649\0', null],
    ['/0000000', null],
    ['8\0\0\0\0\0\0\0', null],
    ['\0\0\0\0\0\0\0\0', 0],
    ['        ', null],
    ['\0       ', null],
    ['\0\x007\0\0\0\0\0', 0],
    ['64 rest!', 0o64],
    ['64\0rest!', 0o64],
    ['64-rest!', null],
    ['\x80\0\0\0\0\0\x01\x02', 258],
    ['\x80\0\0\0\0\0\x01\x02', null, { octal: true }],
    ['\xff\xff\xff\xff\xff\xff\xff\xfe', null],
    ['\xff\xff\xff\xff\xff\xff\xff\xfe', -2, { signed: true }],
    ['\x80\0\0\0\0\0\0\x05', 5, { signed: true }],
    ['\x81\0\0\0\0\0\0\x05', null],
    ['\x80\x1f\xff\xff\xff\xff\xff\xff', Number.MAX_SAFE_INTEGER],
    ['\x80\x20\0\0\0\0\0\0', null],
    ['       \x80', null],
  ])('%j', (field, expected, options) => {
    expect(number(bytes(`7${field}7`), 1, 8, options)).toBe(expected);
  });

  it('a text ends at its first NUL or with its field', () => {
    const block = bytes('xabc\0defg');
    expect([
      text(block, 1, 3),
      text(block, 1, 4),
      text(block, 1, 8),
      text(block, 5, 4),
      text(block, 5, 2),
    ]).toEqual(['abc', 'abc', 'abc', 'defg', 'de']);
    expect([isZero(Buffer.alloc(4)), isZero(bytes('\0\0\0\x01')), isZero(bytes('\x01\0\0\0'))]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('a sum of unsigned or of signed bytes', async () => {
    const [header] = [(await tarOf([{ name: 'name' }])).subarray(0, 512)];
    header.write('\xe4\x80', 50, 'latin1');
    fixChecksum(header, 0);
    expect(checksumOk(header)).toBe(true);
    const stated = Number.parseInt(header.toString('latin1', 148, 154), 8);
    const high = header.filter((byte, i) => byte > 127 && (i < 148 || i >= 156)).length;
    expect(high).toBeGreaterThan(0);
    const put = (sum: number) => {
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
      return checksumOk(header);
    };
    expect([put(stated - 256 * high), put(stated + 1), put(stated - 256), put(stated)]).toEqual([
      true,
      false,
      high === 1,
      true,
    ]);
    header[147]! += 1;
    expect(checksumOk(header)).toBe(false);
    header[147]! -= 1;
    header[156]! += 1;
    expect(checksumOk(header)).toBe(false);
    header.fill('x', 148, 156);
    expect(checksumOk(header)).toBe(false);
    const limit = Buffer.alloc(512);
    limit[0] = 127;
    fixChecksum(limit, 0);
    expect(checksumOk(limit)).toBe(true);
  });

  it.each<[string, string, string, string, string]>([
    ['v7', '', '', '', 'v7'],
    ['ustar', 'ustar\x0000', '', '', 'ustar'],
    ['gnu', 'ustar  \0', '', '', 'gnu'],
    ['star', 'ustar\x0000', '', '00000000000 ', 'star'],
    ['ustar with an end of the prefix', 'ustar\x0000', 'x', '00000000000 ', 'ustar'],
    ['ustar without times', 'ustar\x0000', '', '00000000000\0', 'ustar'],
    ['ustar with other bytes there', 'ustar\x0000', '', 'x0000000000 ', 'ustar'],
  ])('the format %s', (_name, magic, prefix, time, expected) => {
    const block = Buffer.alloc(512);
    block.write(magic, 257, 'latin1');
    block.write(prefix, 475, 'latin1');
    for (const at of [476, 488]) block.write(time, at, 'latin1');
    expect(formatOfHeader(block)).toBe(expected);
    if (expected !== 'star') return;
    for (const [at, wrong] of [
      [476, 'x'],
      [488, 'x'],
      [487, '0'],
      [499, '0'],
    ] as const) {
      const other = Buffer.from(block);
      other.write(wrong, at, 'latin1');
      expect([at, formatOfHeader(other)]).toEqual([at, 'ustar']);
    }
  });
});

describe('records of PAX', () => {
  const record = (key: string, value: string) => {
    const rest = ` ${key}=${value}\n`;
    let length = rest.length;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    return `${length}${rest}`;
  };
  const read = (...records: string[]) => {
    const found = parsePax(bytes(records.join('')));
    return found && Object.fromEntries([...found].map(([key, value]) => [key, value.toString('latin1')]));
  };
  const sparse = (...pairs: [string, string][]) =>
    pairs.map(([key, value]) => record(`GNU.sparse.${key}`, value));
  it.each<[string, string[], Record<string, string> | null]>([
    ['none', [], {}],
    ['one', [record('path', 'a=b')], { path: 'a=b' }],
    ['an empty value', [record('comment', '')], { comment: '' }],
    ['the last of a key', [record('path', 'a'), record('path', 'b')], { path: 'b' }],
    ['up to a NUL', [record('path', 'a'), '\0rest'], { path: 'a' }],
    ['no length', [' path=a\n'], null],
    ['a length with a zero first', ['011 path=a\n'], null],
    ['a length beyond the end', ['99 path=a\n'], null],
    ['a length before the key', ['3 path=a\n'], null],
    ['a length that ends elsewhere', ['9 path=a\n\n'], null],
    ['a length of too many digits', [`${'0'.repeat(11)}1 a=b\n`], null],
    ['no end of the length', ['12345'], null],
    ['no equals sign', ['9 path-a\n'], null],
    ['an equals sign in the next record', ['9 path-a\n', record('b', 'c')], null],
    ['a key with a blank first', [record(' a', 'b')], null],
    ['a key with a tab first', [record('\ta', 'b')], null],
    ['a key with a NUL', [record('a\0b', 'c')], null],
    ['a NUL in a path', [record('path', 'a\0b')], null],
    ['a NUL in a comment', [record('comment', 'a\0b')], { comment: 'a\0b' }],
    ['a uid', [record('uid', '4294967294')], { uid: '4294967294' }],
    ['the uid that means none', [record('uid', '4294967295')], null],
    ['a size', [record('size', '9007199254740991')], { size: '9007199254740991' }],
    ['a size beyond all', [record('size', '9007199254740992')], null],
    ['a size of 17 digits', [record('size', '00000000000000001')], null],
    ['a size without digits', [record('size', '')], null],
    ['a size below zero', [record('size', '-1')], null],
    ['a time', [record('mtime', '-12.5')], { mtime: '-12.5' }],
    ['a time of 40 characters', [record('mtime', `1.${'5'.repeat(38)}`)], { mtime: `1.${'5'.repeat(38)}` }],
    ['a time of 41', [record('mtime', `1.${'5'.repeat(39)}`)], null],
    ['a time that is none', [record('atime', 'now')], null],
    [
      'a sparse map in pairs',
      sparse(['numblocks', '1'], ['offset', '2'], ['numbytes', '3']),
      { 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '2,3' },
    ],
    [
      'two pairs',
      sparse(['numblocks', '2'], ['offset', '0'], ['numbytes', '1'], ['offset', '5'], ['numbytes', '6']),
      { 'GNU.sparse.numblocks': '2', 'GNU.sparse.map': '0,1,5,6' },
    ],
    ['half a pair', sparse(['numblocks', '1'], ['offset', '2']), null],
    ['a pair the other way round', sparse(['numblocks', '1'], ['numbytes', '2'], ['offset', '3']), null],
    ['two offsets', sparse(['numblocks', '1'], ['offset', '2'], ['offset', '3'], ['numbytes', '1']), null],
    ['a pair before its count', sparse(['offset', '2'], ['numbytes', '3'], ['numblocks', '1']), null],
    [
      'a map',
      sparse(['numblocks', '1'], ['map', '2,3']),
      { 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '2,3' },
    ],
    ['a map before its count', sparse(['map', '2,3'], ['numblocks', '1']), null],
    ['two maps', sparse(['numblocks', '1'], ['map', '2,3'], ['map', '2,3']), null],
    [
      'a map and a pair',
      sparse(['numblocks', '1'], ['map', '2,3'], ['offset', '2'], ['numbytes', '3']),
      null,
    ],
    [
      'a pair and a map',
      sparse(['numblocks', '1'], ['offset', '2'], ['numbytes', '3'], ['map', '2,3']),
      null,
    ],
    ['a count twice', sparse(['numblocks', '1'], ['numblocks', '1']), null],
    ['a count beyond all', sparse(['numblocks', '16777217']), null],
  ])('%s', (_what, records, expected) => {
    expect(read(...records)).toEqual(expected);
  });

  it('give numbers, and null for those that are missing', () => {
    const records = new Map([['uid', bytes('12')]]);
    expect([paxNumber(records, 'uid'), paxNumber(records, 'gid')]).toEqual([12, null]);
  });
});

describe('a member', () => {
  /** The kinds of problems, and the facts, of a tar of one member whose header is changed. */
  const changed = async (type: string, change: (header: Buffer) => void, magic = 'ustar\x0000') => {
    const tar = await tarOf([{ name: 'dev/x' }]);
    tar.write(magic.padEnd(8, '\0'), 257, 'latin1');
    change(tar);
    setType(tar, 0, type);
    const { archive, counts } = await inspect(tar);
    return { problems: archive.problems.map(({ kind }) => kind), counts };
  };
  const field = (at: number, value: string) => (header: Buffer) => void header.write(value, at, 'latin1');
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  it.each<[string, string, (header: Buffer) => void, boolean]>([
    ['an owner', '0', field(108, '\x80\0\0\0\xff\xff\xff\xfe'), true],
    ['the owner that means none', '0', field(108, '\x80\0\0\0\xff\xff\xff\xff'), false],
    ['a group', '0', field(116, '\x80\0\0\0\xff\xff\xff\xfe'), true],
    ['the group that means none', '0', field(116, '\x80\0\0\0\xff\xff\xff\xff'), false],
    ['a mode that is not a number', '0', field(100, 'rw------'), false],
    ['an owner that is not a number', '0', field(108, 'root----'), false],
    ['a group that is not a number', '0', field(116, 'root----'), false],
    ['a size that is not a number', '0', field(124, 'large-------'), false],
    ['a time before 1970', '0', field(136, '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'), true],
    ['a time that is not a number', '0', field(136, 'now---------'), false],
    ['a device', '3', field(329, octal(4095, 8)), true],
    ['a device beyond 12 bits', '3', field(329, octal(4096, 8)), false],
    ['a device of a disk', '4', field(337, octal(2 ** 20 - 1, 8)), true],
    ['a device beyond 20 bits', '4', field(337, octal(2 ** 20, 8)), false],
    ['a device that is not a number', '3', field(329, 'x'), false],
    ['a number of a device in a file', '0', field(329, 'x'), true],
    ['a number of a device in a FIFO', '6', field(337, 'x'), true],
    [
      "times of star's that are not numbers",
      '0',
      (h) => {
        field(476, '0000x000000 ')(h);
        field(488, '00000000000 ')(h);
      },
      false,
    ],
    [
      "a second time of star's that is not a number",
      '0',
      (h) => {
        field(476, '00000000000 ')(h);
        field(488, '0000x000000 ')(h);
      },
      false,
    ],
    [
      "times of star's",
      '0',
      (h) => {
        field(476, '00000000000 ')(h);
        field(488, '00000000000 ')(h);
      },
      true,
    ],
  ])('%s', async (_what, type, change, good) => {
    const { problems } = await changed(type, change);
    expect(problems.includes('broken-header')).toBe(!good);
  });

  it('of v7 has neither a prefix nor devices', async () => {
    expect((await changed('3', field(329, 'x'), '')).problems).toEqual([]);
    const prefixed = async (magic: string) => {
      const tar = await tarOf([{ name: 'x' }]);
      tar.write(magic.padEnd(8, '\0'), 257, 'latin1');
      tar.write('top', 345, 'latin1');
      fixChecksum(tar, 0);
      return (await inspect(tar)).top;
    };
    expect([await prefixed('ustar\x0000'), await prefixed(''), await prefixed('ustar  \0')]).toEqual([
      ['top'],
      ['x'],
      ['x'],
    ]);
  });

  it('has attributes by their names, signs of tar undone', async () => {
    const names = async (name: string) =>
      Object.keys(
        (await inspect(await tarOf([{ name: 'x', pax: { [`SCHILY.xattr.${name}`]: 'v' } }]))).xattrs.names,
      );
    expect(await names('user.a%3Db%25c%20d')).toEqual(['user.a=b%c%20d']);
    expect(await names(`user.${'n'.repeat(250)}`)).toEqual([`user.${'n'.repeat(250)}`]);
    expect(await names(`user.${'n'.repeat(251)}`)).toEqual([]);
  });
});

describe('a gzip stream', () => {
  const unpack = async (...chunks: Buffer[]) => {
    const parts: Buffer[] = [];
    const stream = await decompressor('gzip', async (chunk) => void parts.push(Buffer.from(chunk)));
    for (const chunk of chunks) await stream.write(chunk);
    return [await stream.end(), Buffer.concat(parts).toString('latin1')];
  };
  const packed = gzipSync('hello');
  it.each<[string, Buffer[], string | RegExp | null, string]>([
    ['whole', [packed], null, 'hello'],
    ['two of them', [packed, packed], null, 'hellohello'],
    ['with zeros behind it', [packed, Buffer.alloc(3000)], null, 'hello'],
    [
      'with something else behind its zeros',
      [packed, Buffer.alloc(300), bytes('x')],
      /^301 bytes of something else follow/,
      'hello',
    ],
    [
      'with something else behind it',
      [packed, bytes('hello world, this is more')],
      /^something that is not gzip follows a gzip stream, near byte/,
      'hello',
    ],
    ['that breaks off', [packed.subarray(0, -4)], /^the gzip stream breaks off after \d+ bytes$/, 'hello'],
    [
      'with another sum',
      [Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8, 1)])],
      /^the gzip stream is damaged near byte \d+: /,
      '',
    ],
  ])('%s', async (_what, chunks, problem, content) => {
    const [said, unpacked] = await unpack(...chunks);
    if (problem === null) expect(said).toBeNull();
    else expect(said).toMatch(problem);
    expect(unpacked).toBe(content);
  });

  it('of none is given on as it is', async () => {
    const parts: string[] = [];
    const stream = await decompressor('none', async (chunk) => void parts.push(chunk.toString()));
    await stream.write(bytes('a'));
    expect([await stream.end(), parts]).toEqual([null, ['a']]);
  });
});
