import { describe, expect, it } from 'vitest';
import type { ParsedHeader } from '../../../pipeline/image/tar/member.ts';
import { expand, padded } from '../../../pipeline/image/tar/sparse.ts';
import { TarScanner } from '../../../pipeline/image/tar/tar-scanner.ts';
import { fixChecksum, paxRecords, setType, tarOf } from '../checks/root.ts';

const END = Buffer.alloc(1024);
const BLOCK = 512;
type Segments = readonly (readonly [offset: number, length: number])[];

const member = async (name: string, content: Buffer, pax = {}) =>
  (await tarOf([{ name, content, pax }])).subarray(0, -1024);
const extended = async (type: string, body: Buffer) => {
  const tar = await member('x', body);
  setType(tar, 0, type);
  return tar;
};

/** The scanner's view of a tar, pushed in chunks of a size, when the content of every member is wanted or none is. */
function scan(tar: Buffer, { wanted = true, chunk = tar.length } = {}) {
  const read: ParsedHeader[] = [];
  const scanner = new TarScanner((reading) => {
    read.push(reading);
    return wanted;
  });
  const pieces: Buffer[] = [];
  for (let at = 0; at < tar.length; at += chunk)
    for (const piece of scanner.push(tar.subarray(at, at + chunk))) pieces.push(Buffer.from(piece));
  scanner.end();
  return {
    problem: scanner.problem?.kind ?? null,
    members: read.length,
    read,
    pieces: Buffer.concat(pieces),
  };
}

/** Stretches of a letter each. */
const dataOf = (segments: Segments) =>
  Buffer.concat(segments.map(([, length], i) => Buffer.alloc(padded(length)).fill(65 + (i % 26), 0, length)));
const wholeOf = (segments: Segments, size: number) => {
  const whole = Buffer.alloc(size);
  for (const [i, [offset, length]] of segments.entries()) whole.fill(65 + (i % 26), offset, offset + length);
  return whole;
};
const stretches = (count: number, step = 1000): Segments =>
  Array.from({ length: count }, (_, i) => [i * step, 10] as const);
const sizeOf = (segments: Segments) => segments.reduce((_, [offset, length]) => offset + length, 0);

/** A file with holes as `tar --format=gnu -S` writes it: 4 stretches in the header, 21 in each block behind it. */
async function gnu(segments: Segments, { size = sizeOf(segments), data = dataOf(segments), more = 0 } = {}) {
  const tar = await member('holes', data);
  const octal = (number: number) => `${number.toString(8).padStart(11, '0')}\0`;
  const entries = (some: Segments) => some.map((pair) => pair.map(octal).join('')).join('');
  tar.write('ustar  \0', 257, 'latin1');
  tar.fill(0, 345, 512);
  tar.write(entries(segments.slice(0, 4)), 386, 'latin1');
  tar.write(octal(size), 483, 'latin1');
  tar[482] = segments.length > 4 || more > 0 ? 1 : 0;
  setType(tar, 0, 'S');
  const blocks: Buffer[] = [];
  for (let at = 4; at < segments.length || blocks.length < more; at += 21) {
    const block = Buffer.alloc(BLOCK);
    block.write(entries(segments.slice(at, at + 21)), 0, 'latin1');
    block[504] = at + 21 < segments.length || blocks.length + 1 < more ? 1 : 0;
    blocks.push(block);
  }
  return Buffer.concat([tar.subarray(0, BLOCK), ...blocks, tar.subarray(BLOCK)]);
}

/** The same as `tar --format=posix -S` writes it: the map stands before the data. */
async function posix(
  segments: Segments,
  { size = sizeOf(segments), data = dataOf(segments), map = '' } = {},
) {
  const text = map || `${segments.length}\n${segments.flat().join('\n')}\n`;
  const body = Buffer.concat([Buffer.alloc(padded(text.length)), data]);
  body.write(text, 'latin1');
  const pax = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': String(size) };
  return member('holes', body, pax);
}

describe('a file with holes', () => {
  const after = member('after', Buffer.from('x'));

  describe.each([
    ['gnu', gnu],
    ['posix', posix],
  ])('in the form of %s', (_, form) => {
    it.each([
      ['no stretch', []],
      ['one', stretches(1)],
      ['as many as the header holds', stretches(4)],
      ['one more', stretches(5)],
      ['as many as a block behind it holds', stretches(25)],
      ['one more than those', stretches(26)],
      ['a map of more than a block', stretches(120, 100_000)],
      [
        'blocks filled to their end',
        [
          [0, 512],
          [1024, 1024],
        ] as Segments,
      ],
    ])('is read to its end with %s', async (_what, segments) => {
      const tar = Buffer.concat([await form(segments), await after, END]);
      for (const chunk of [tar.length, 512, 100]) {
        const { problem, members, read, pieces } = scan(tar, { chunk });
        expect([problem, members]).toEqual([null, 2]);
        // Behind the plain header that the scanner makes.
        const stored = pieces.subarray(BLOCK, BLOCK + read[0]!.body);
        const whole = wholeOf(segments, sizeOf(segments));
        expect(expand(read[0]!.sparse!, stored)?.equals(whole)).toBe(true);
        const passed = scan(tar, { chunk, wanted: false });
        expect([passed.problem, passed.members, passed.pieces.length]).toEqual([null, 2, 0]);
      }
    });

    it.each<[string, Segments, object]>([
      ['less data than its map says', stretches(2), { data: Buffer.alloc(512) }],
      ['no data', stretches(2), { data: Buffer.alloc(0) }],
      ['another length than it promises', stretches(2), { size: 1011 }],
      [
        'a map that goes back',
        [
          [1000, 10],
          [0, 10],
        ],
        { size: 1010 },
      ],
      ['a map that goes back in a later block', [...stretches(29), [0, 10]], { size: 40_000 }],
      ['a map that goes back in its last block', [...stretches(4), [0, 10]], { size: 10 }],
    ])('is refused with %s', async (_what, segments, change) => {
      for (const wanted of [true, false]) {
        const { problem } = scan(Buffer.concat([await form(segments, change), await after, END]), { wanted });
        expect(problem).toBe('broken-header');
      }
    });
  });

  it('may have a block of its map that is empty, or full with none behind it', async () => {
    for (const segments of [stretches(4), stretches(25)]) {
      const tar = await gnu(segments, { more: segments.length === 4 ? 1 : 0 });
      expect(scan(Buffer.concat([tar, await after, END]))).toMatchObject({ problem: null, members: 2 });
    }
  });

  it.each([
    ['with a word for a number', 'x\n'],
    ['that the body ends in', '9\n'],
    ['whose line never ends', '1'.repeat(300)],
  ])('is refused: a map %s', async (_what, map) => {
    const tar = await posix([], { map, size: 0 });
    expect(scan(Buffer.concat([tar, await after, END])).problem).toBe('broken-header');
  });

  it('is refused in a form that the header is not of', async () => {
    const tar = await posix(stretches(1));
    // The header of GNU's own format, behind a PAX header.
    tar.write('ustar  \0', 1024 + 257, 'latin1');
    fixChecksum(tar, 1024);
    expect(scan(Buffer.concat([tar, await after, END])).problem).toBe('broken-header');
  });

  it('is refused with a map in the body where there is no body', async () => {
    const tar = await posix([]);
    const at = tar.length - 2 * BLOCK;
    tar.write('00000000000', at + 124, 'latin1');
    fixChecksum(tar, at);
    const empty = tar.subarray(0, at + BLOCK);
    expect(scan(Buffer.concat([empty, await after, END])).problem).toBe('broken-header');
  });
});

describe('an extended header', () => {
  it('for all members counts for each, below one of its own', async () => {
    const all = await extended('g', paxRecords({ uid: '5', gid: '6' }));
    const tar = Buffer.concat([
      all,
      await member('a', Buffer.alloc(0), { uid: '7' }),
      await member('b', Buffer.alloc(0)),
      END,
    ]);
    expect(scan(tar).read.map((reading) => [reading.member!.uid, reading.member!.gid])).toEqual([
      [7, 6],
      [5, 6],
    ]);
  });

  const MOST = 1 << 20;
  const records = (bytes: number) => {
    const more = bytes - paxRecords({ comment: 'x'.repeat(bytes - 30) }).length;
    return paxRecords({ comment: 'x'.repeat(bytes - 30 + more) });
  };

  it.each<[string, string, () => Buffer, string | null]>([
    ['of 1 MiB', 'x', () => records(MOST), null],
    ['of more', 'x', () => records(MOST + 1), 'broken-header'],
    ['of nothing', 'x', () => Buffer.alloc(0), null],
    ['of nothing, for all members', 'g', () => Buffer.alloc(0), null],
    ['of a name that is empty', 'L', () => Buffer.alloc(0), 'broken-header'],
    ['of a link that is empty', 'K', () => Buffer.alloc(0), 'broken-header'],
    ['of a name of one byte', 'L', () => Buffer.alloc(1, 'x'), null],
    ['that does not add up', 'x', () => Buffer.from('99 path=x\n'), 'broken-header'],
  ])('%s', async (_what, type, body, problem) => {
    const tar = Buffer.concat([await extended(type, body()), await member('a', Buffer.alloc(0)), END]);
    expect(scan(tar).problem).toBe(problem);
    expect(scan(tar, { chunk: 700 }).problem).toBe(problem);
  });

  it.each([
    ['x', 'broken-header'],
    ['L', 'broken-header'],
    ['g', null],
  ])('of type %s without a member: %s', async (type, problem) => {
    const body = type === 'L' ? Buffer.from('name') : paxRecords({ comment: 'x' });
    const tar = Buffer.concat([await member('a', Buffer.alloc(0)), await extended(type, body), END]);
    expect(scan(tar).problem).toBe(problem);
  });
});

it.each([
  ['0', null, true],
  ['V', null, false],
  ['Z', 'Z', true],
])('a member of type %s: unknown as %j, a file: %s', async (type, unknownType, file) => {
  const { read } = scan(Buffer.concat([await extended(type, Buffer.from('x')), END]));
  expect([read[0]!.unknownType, read[0]!.member !== null]).toEqual([unknownType, file]);
});
