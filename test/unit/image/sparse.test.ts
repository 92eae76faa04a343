import { describe, expect, it } from 'vitest';
import {
  BodyMap,
  Extent,
  expand,
  gnuSegments,
  padded,
  paxSparse,
} from '../../../pipeline/image/tar/sparse.ts';

const block = (text: string) => Buffer.from(text).toString('latin1').padEnd(512, '\0');
const body = (...blocks: string[]) => Buffer.from(blocks.map(block).join(''), 'latin1');
const map = (...numbers: (number | string)[]) => numbers.map((one) => `${one}\n`).join('');
const text = (bytes: Buffer | null) => bytes?.toString('latin1').replaceAll('\0', '.') ?? null;

describe('a file with holes', () => {
  it.each<[string, number, [number, number][] | null, Buffer, string | null]>([
    ['a map in the header', 8, [[2, 3]], body('abc'), '..abc...'],
    [
      'two stretches, a block each',
      6,
      [
        [0, 1],
        [4, 2],
      ],
      body('a', 'bc'),
      'a...bc',
    ],
    ['a stretch that ends with the file', 5, [[2, 3]], body('abc'), '..abc'],
    ['a stretch that goes on behind it', 4, [[2, 3]], body('abc'), null],
    ['the data to its last byte', 512, [[0, 512]], body('x'.repeat(512)), 'x'.repeat(512)],
    ['more than there is data', 513, [[0, 513]], body('x'.repeat(512)), null],
    [
      'an end without data',
      4,
      [
        [0, 1],
        [4, 0],
      ],
      body('a'),
      'a...',
    ],
    [
      'an end without data behind the file',
      4,
      [
        [0, 1],
        [9, 0],
      ],
      body('a'),
      'a...',
    ],
    ['no data', 3, [], body(), '...'],
    ['a map in the body', 6, null, body(map(2, 0, 1, 4, 2), 'a', 'bc'), 'a...bc'],
    ['an empty map in the body', 3, null, body(map(0)), '...'],
    [
      'a map that goes on in the next block',
      4,
      null,
      Buffer.concat([
        Buffer.from(map(120, ...Array.from({ length: 120 }, () => [0, 1]).flat())).subarray(0),
        Buffer.alloc(1024 - 4 - 480),
        ...Array.from({ length: 120 }, () => body('a')),
      ]),
      'a...',
    ],
    ['a map of no number', 4, null, body('x\n'), null],
    ['a map that ends before its entries do', 4, null, body(map(1, 0)), null],
    ['a map without the end of its line', 4, null, Buffer.from('1'), null],
    ['a map with a length that is none', 4, null, body(map(1, 0, 'x'), 'a'), null],
    ['a map with a place that is none', 4, null, body(map(1, 'x', 1), 'a'), null],
    ['more entries than bytes', 4, null, Buffer.from('99999\n'), null],
    ['as many entries as bytes', 0, null, Buffer.from('2\n'), null],
  ])('%s', (_what, size, segments, stored, whole) => {
    const found = expand(
      { size, segments: segments?.map(([offset, length]) => ({ offset, length })) ?? null },
      stored,
    );
    expect(text(found)).toBe(whole);
  });
});

describe('the entries of a map', () => {
  it('follow each other, fill blocks and end with one without data', () => {
    const extent = new Extent();
    expect(extent.add({ offset: 0, length: 513 })).toBe(true);
    expect(extent).toMatchObject({ length: 513, stored: 1024 });
    expect(extent.add({ offset: 512, length: 1 })).toBe(false);
    expect(extent.add({ offset: 513, length: 1 })).toBe(true);
    expect(extent.add({ offset: 600, length: 0 })).toBe(true);
    expect(extent).toMatchObject({ length: 600, stored: 1536 });
    expect(extent.add({ offset: 700, length: 1 })).toBe(false);
    expect(new Extent().add({ offset: Number.MAX_SAFE_INTEGER, length: 0 })).toBe(true);
    expect(new Extent().add({ offset: Number.MAX_SAFE_INTEGER, length: 1 })).toBe(false);
    expect([0, 1, 512, 513].map(padded)).toEqual([0, 512, 512, 1024]);
  });

  it.each<[string, string, number, { segments: [number, number][]; full: boolean } | null]>([
    ['fewer than places', '00000000001\0' + '00000000002\0', 2, { segments: [[1, 2]], full: false }],
    ['all places', '00000000001\0' + '00000000002\0', 1, { segments: [[1, 2]], full: true }],
    ['none', '', 4, { segments: [], full: false }],
    ['a place that is not a number', 'x0000000001\0' + '00000000002\0', 2, null],
    ['a length that is not a number', '00000000001\0' + 'x0000000002\0', 2, null],
  ])('in the header: %s', (_what, written, slots, expected) => {
    const header = Buffer.alloc(512);
    header.write(written, 386, 'latin1');
    const found = gnuSegments(header, 386, slots);
    expect(
      found && { ...found, segments: found.segments.map(({ offset, length }) => [offset, length]) },
    ).toEqual(expected);
  });

  it.each<[string, Record<string, string>, unknown]>([
    ['none', {}, null],
    ['a size alone', { 'GNU.sparse.size': '9' }, 'damaged'],
    ['a map alone', { 'GNU.sparse.map': '0,1' }, 'damaged'],
    ['a version alone', { 'GNU.sparse.major': '1' }, 'damaged'],
    ['version 0 alone', { 'GNU.sparse.major': '0' }, null],
    ['version 1.0', { 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '9' }, { size: 9, segments: null }],
    [
      'version 1.0 with a map',
      { 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '9', 'GNU.sparse.map': '0,1' },
      'damaged',
    ],
    [
      'a map',
      { 'GNU.sparse.size': '9', 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '2,3' },
      { size: 9, segments: [{ offset: 2, length: 3 }] },
    ],
    [
      'the real size before the other',
      {
        'GNU.sparse.size': '9',
        'GNU.sparse.realsize': '7',
        'GNU.sparse.numblocks': '1',
        'GNU.sparse.map': '2,3',
      },
      { size: 7, segments: [{ offset: 2, length: 3 }] },
    ],
    [
      'fewer blocks than the map has',
      { 'GNU.sparse.size': '9', 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '0,1,2,3' },
      'damaged',
    ],
    [
      'half an entry',
      { 'GNU.sparse.size': '9', 'GNU.sparse.numblocks': '2', 'GNU.sparse.map': '0,1,2' },
      'damaged',
    ],
    [
      'no number',
      { 'GNU.sparse.size': '9', 'GNU.sparse.numblocks': '2', 'GNU.sparse.map': 'x,1' },
      'damaged',
    ],
    [
      'a number beyond all',
      { 'GNU.sparse.size': '9', 'GNU.sparse.numblocks': '2', 'GNU.sparse.map': '9007199254740993,1' },
      'damaged',
    ],
  ])('in records: %s', (_what, records, expected) => {
    const pax = new Map(Object.entries(records).map(([key, value]) => [key, Buffer.from(value)]));
    expect(paxSparse(pax)).toEqual(expected);
  });

  it.each<[string, string[], (boolean | null)[], number]>([
    ['in one block', [map(1, 0, 5)], [true], 5],
    ['of nothing', [map(0)], [true], 0],
    ['over two', [map(1, 0).padEnd(512, '5'), '\n'], [null], 0],
    ['of digits that end a block', [`${'0'.repeat(15)}1\n`.padEnd(17, '')], [false], 0],
    ['of too many digits', ['0'.repeat(17)], [null], 0],
    ['of a sign', ['-1\n'], [null], 0],
    ['that goes back', [map(2, 5, 5, 0, 1)], [null], 10],
  ])('at the head of a body: %s', (_what, blocks, ends, length) => {
    const reader = new BodyMap();
    expect(blocks.slice(0, ends.length).map((one) => reader.block(Buffer.from(one)))).toEqual(ends);
    expect([reader.extent.length, reader.blocks]).toEqual([length, ends.length]);
  });
});
