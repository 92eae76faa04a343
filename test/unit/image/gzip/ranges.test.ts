import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { readInSequence } from '../../../../pipeline/image/read/read-image.ts';
import { readInRanges } from '../../../../pipeline/image/read/read-ranges.ts';
import fc from '../../../property.ts';
import { tarOf } from '../../checks/root.ts';

const dir = mkdtempSync(join(tmpdir(), 'ranges-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const { signal } = new AbortController();
vi.setConfig({ testTimeout: 120_000 });
/** Small enough for files of some kB to have many ranges. */
const SMALL = { chunk: 700, least: 64, most: 1 << 20 };
/** Some files only: every run reads all of it twice. */
const tar = await tarOf(
  Array.from({ length: 40 }, (_, i) => ({
    name: `etc/f${i}`,
    content: `line ${i}\n`.repeat(1 + i * i),
  })) as never,
);

let count = 0;
function file(bytes: Buffer): string {
  const path = join(dir, `${count++}.tar.gz`);
  writeFileSync(path, bytes);
  return path;
}

/** Members of a tar that is cut at some places. */
function members(bytes: Buffer, cuts: readonly number[], level = 6): Buffer[] {
  const places = [0, ...[...new Set(cuts)].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b)];
  return places.map((at, i) => gzipSync(bytes.subarray(at, places[i + 1] ?? bytes.length), { level }));
}

/** The findings of both readers: of the one in ranges null where it leaves the file to the other. */
async function both(bytes: Buffer, limits = SMALL) {
  const path = file(bytes);
  const sequence = await readInSequence(path, { signal });
  const ranges = await readInRanges(path, { signal }, limits);
  rmSync(path);
  if (ranges !== null) expect(ranges).toEqual(sequence);
  return { sequence, ranges };
}

const anyCuts = fc.array(fc.integer({ min: 1, max: tar.length - 1 }), { maxLength: 40 });

describe('reading in ranges', () => {
  test('finds what reading in sequence finds, wherever members begin', async () => {
    await fc.assert(
      fc.asyncProperty(anyCuts, fc.constantFrom(0, 1, 6, 9), async (cuts, level) => {
        const { ranges } = await both(Buffer.concat(members(tar, cuts, level)));
        expect(ranges).not.toBeNull();
      }),
      { numRuns: 25 },
    );
  });

  test('leaves a damaged file to the reader in sequence', async () => {
    const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    await fc.assert(
      fc.asyncProperty(anyCuts, at, fc.integer({ min: 1, max: 255 }), async (cuts, where, flip) => {
        const bytes = Buffer.concat(members(tar, cuts));
        bytes[Math.floor(where * bytes.length)]! ^= flip;
        const { sequence, ranges } = await both(bytes);
        // A name or a time in a header may be any.
        expect(ranges === null || sequence.stream.problem === null).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test('leaves a file that breaks off to the reader in sequence, unless it breaks off behind a member', async () => {
    await fc.assert(
      fc.asyncProperty(anyCuts, fc.nat(), async (cuts, where) => {
        const parts = members(tar, cuts);
        const bytes = Buffer.concat(parts);
        const length = 3 + (where % (bytes.length - 3));
        let end = 0;
        const ends = parts.map((part) => (end += part.length));
        const { ranges } = await both(bytes.subarray(0, length));
        expect(ranges !== null).toBe(ends.includes(length));
      }),
      { numRuns: 25 },
    );
  });

  test('accepts zeros behind the last member, and nothing else', async () => {
    const bytes = Buffer.concat(members(tar, [5000, 9000]));
    const read = async (...more: Buffer[]) => (await both(Buffer.concat([bytes, ...more]))).ranges !== null;
    expect(await read(Buffer.alloc(1))).toBe(true);
    expect(await read(Buffer.alloc(5000))).toBe(true);
    expect(await read(Buffer.from('x'))).toBe(false);
    expect(await read(Buffer.alloc(3000), Buffer.from('x'))).toBe(false);
    expect(await read(Buffer.from('1f', 'hex'))).toBe(false);
    expect(await read(Buffer.from('1f8b08', 'hex'))).toBe(false);
    // gzip itself goes on behind zeros in no version.
    expect(await read(Buffer.alloc(3000), gzipSync('x'))).toBe(false);
    // So few that what follows looks like a header behind the length of a member.
    for (const zeros of [1, 2]) expect(await read(Buffer.alloc(zeros), gzipSync(tar))).toBe(false);
  });

  test('reads on behind headers that are data: of files that are packed themselves, and of bytes made to look like them', async () => {
    const fake = Buffer.concat(
      Array.from({ length: 200 }, () => Buffer.from('zzzz1f8b0800000000000003ff', 'hex')),
    );
    const inner = gzipSync('some text, '.repeat(100));
    const body = Buffer.concat([fake, inner, fake, inner]);
    const bytes = await tarOf([
      ...[1, 2, 3, 4].map((i) => ({ name: `f${i}.gz`, content: body })),
      { name: 'last', content: 'x' },
    ] as never);
    for (const level of [0, 6]) {
      const { ranges } = await both(Buffer.concat(members(bytes, [2000, 4000, 6000, 9000], level)));
      expect(ranges).not.toBeNull();
    }
    // All of it in one member, which no range may be cut from.
    await both(gzipSync(bytes, { level: 0 }));
  });

  test('reads members with names, comments, extra fields and sums of their headers', async () => {
    const flags = 4 | 8 | 16;
    const header = Buffer.concat([
      Buffer.from(`1f8b08${flags.toString(16)}000000000203`, 'hex'),
      Buffer.from('0400abcdefgh'.slice(0, 4), 'hex'),
      Buffer.from('wxyz'),
      Buffer.from('name\0comment\0'),
    ]);
    const half = tar.length >> 1;
    const odd = (bytes: Buffer) =>
      Buffer.concat([header, deflateRawSync(bytes), gzipSync(bytes).subarray(-8)]);
    const { ranges } = await both(Buffer.concat([odd(tar.subarray(0, half)), odd(tar.subarray(half))]));
    expect(ranges).not.toBeNull();
  });

  test('reads thousands of tiny members, and empty ones', async () => {
    const tiny = Array.from({ length: Math.ceil(tar.length / 64) }, (_, i) =>
      tar.subarray(i * 64, i * 64 + 64),
    );
    const { ranges } = await both(Buffer.concat(tiny.flatMap((part) => [gzipSync(part), gzipSync('')])));
    expect(ranges).not.toBeNull();
  });

  test('leaves a member that is too long to be held to the reader in sequence', async () => {
    const bytes = gzipSync(tar, { level: 0 });
    const most = { ...SMALL, most: bytes.length - 1 };
    expect((await both(bytes, most)).ranges).toBeNull();
    expect((await both(bytes, { ...SMALL, most: bytes.length })).ranges).not.toBeNull();
  });

  test('takes a length that a member claims for no more than a claim', async () => {
    const bytes = Buffer.concat(members(tar, [20_000]));
    for (const claim of [0, 1, 2 ** 32 - 1]) {
      const wrong = Buffer.from(bytes);
      wrong.writeUInt32LE(claim, wrong.length - 4);
      expect((await both(wrong)).ranges).toBeNull();
    }
  });
});
