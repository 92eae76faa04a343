import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { compressorId, gzipTools, ZLIB } from '../../../pipeline/image/pack/compressor.ts';
import { SIZES } from '../../../pipeline/image/pack/cut.ts';
import { Output } from '../../../pipeline/image/pack/output.ts';
import { GROUP_BYTES, type Packed, type PackOptions, packTar } from '../../../pipeline/image/pack/pack.ts';
import { packRoot } from '../../../pipeline/image/pack/root.ts';

const version = vi.hoisted(() => ({ answer: (): unknown => undefined }));
vi.mock('../../../pipeline/host/process/version-output.ts', () => ({
  versionOutput: async () => version.answer(),
}));

let dir: string;
let tar: string;
let out: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pack-'));
  tar = join(dir, 'root.tar');
  out = join(dir, 'image.tar.gz');
  version.answer = () => ({ exitCode: 127, stdout: '' });
});
afterEach(() => rmSync(dir, { recursive: true }));

const CUT = '262144 to 4194304 bytes, 1048576 on average, cut at files';
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const heads = (gzip: Buffer) => gzip.toString('latin1').split('\x1f\x8b\x08\x00\x00\x00\x00\x00').length - 1;
const pack = (options: Partial<PackOptions> = {}) =>
  packTar({ tar, out, level: 'fast', emit() {}, id: 'pack', compressor: ZLIB, ...options });

/** Each member that is listed can be unpacked alone, and holds what the list says. */
function expectMembers({ members }: Packed, made: Buffer, whole: Buffer): void {
  let [at, from] = [0, 0];
  for (const { bytes, tarBytes, sha256 } of members ?? []) {
    const inside = gunzipSync(made.subarray(at, at + bytes));
    expect(inside.equals(whole.subarray(from, from + tarBytes))).toBe(true);
    expect(sha256).toBe(sha(inside));
    at += bytes;
    from += tarBytes;
  }
  expect([at, from]).toEqual(members ? [made.length, whole.length] : [0, 0]);
}

/** A file of so many bytes, no two blocks of it alike. */
function content(bytes: number): Buffer {
  const whole = Buffer.alloc(bytes);
  for (let at = 0; at + 4 <= bytes; at += 1 << 16) whole.writeUInt32LE(at + 1, at);
  writeFileSync(tar, whole);
  return whole;
}

describe('an artifact', () => {
  test.each<[string, number, number]>([
    ['nothing', 0, 1],
    ['less than a member', 10_240, 1],
    // Bytes that are not a tar are cut at fixed offsets.
    ['one member exactly', SIZES.most, 1],
    ['a member and a byte', SIZES.most + 1, 2],
    // In more groups than there are at work at once, on a host of two cores.
    ['several groups', 3 * GROUP_BYTES + 5, 13],
  ])('of %s is the tar again, in as many members', async (_, bytes, members) => {
    const whole = content(bytes);
    for (const form of ['many', 'single'] as const) {
      const parts: Buffer[] = [];
      const consumer = new Writable({
        write: (part, _encoding, done) => done(void parts.push(Buffer.from(part))),
      });
      const packed = await pack({ members: form, consumer });
      const made = readFileSync(out);
      expect(packed).toEqual({
        ...{ path: out, sha256: sha(made), size: made.length, tarBytes: bytes },
        ...(form === 'many' && { members: expect.any(Array) }),
        compressor: `zlib ${process.versions.zlib}`,
      });
      expect(heads(made)).toBe(form === 'many' ? members : 1);
      expect(gunzipSync(made).equals(whole)).toBe(true);
      expectMembers(packed, made, whole);
      expect(Buffer.concat(parts).equals(whole)).toBe(true);
      expect(readdirSync(dir).sort()).toEqual(['image.tar.gz', 'root.tar']);
    }
  });

  const refused = async (code: string, options: Partial<PackOptions>) => {
    await expect(pack(options)).rejects.toMatchObject({ code });
    expect(readdirSync(dir)).toEqual(['root.tar']);
  };

  test('of a tar that becomes shorter is none', async () => {
    content(2 * GROUP_BYTES);
    await refused('TAR_TRUNCATED', { emit: () => truncateSync(tar, GROUP_BYTES) });
  });

  test('is none when it is interrupted, before and meanwhile', async () => {
    content(2 * GROUP_BYTES);
    await refused('INTERRUPTED', { signal: AbortSignal.abort() });
    const stop = new AbortController();
    await refused('INTERRUPTED', { signal: stop.signal, emit: () => stop.abort() });
  });

  test('is none when the consumer fails, by its fault', async () => {
    content(10_240);
    const consumer = new Writable({
      write: (_part, _encoding, done) => done(new Fault('IMAGE_REJECTED', 'x')),
    });
    await refused('IMAGE_REJECTED', { consumer });
  });
});

test('progress has the number of members beside the bytes, and other events are as they were', async () => {
  content(10_240);
  const events: Record<string, unknown>[] = [];
  const emit = (event: object) => events.push(event as Record<string, unknown>);
  const { signal } = new AbortController();
  await packRoot({ kind: 'tar', path: tar, bytes: 0 }, out, { level: 'fast', emit, signal });
  expect(events).toMatchObject([
    { type: 'progress', done: 10_240, total: 10_240, note: '0 members' },
    { type: 'activity-end', id: 'pack' },
  ]);
});

test('a file put together knows its size and its digest, however large its parts', async () => {
  content(3 << 20);
  const output = await Output.create(out);
  await output.write(Buffer.from('head'));
  await output.append(tar);
  const made = await output.finish();
  await output.close();
  expect(made).toEqual({ sha256: sha(readFileSync(out)), size: (3 << 20) + 4 });
});

describe('the compressor', () => {
  test.each<[string, unknown, string]>([
    [
      'libdeflate where it is installed',
      { exitCode: 0, stdout: 'libdeflate-gzip v1.19\n' },
      'libdeflate-gzip 1.19',
    ],
    ['zlib where it fails', { exitCode: 1, stdout: 'v1.19' }, `zlib ${ZLIB.version}`],
    ['zlib where it names no version', { exitCode: 0, stdout: 'unknown' }, `zlib ${ZLIB.version}`],
  ])('is %s', async (_, answer, name) => {
    version.answer = () => answer;
    const { tool, version: found } = await gzipTools();
    expect(`${tool} ${found}`).toBe(name);
    expect(await compressorId('small')).toBe(`${name}, level 9, members of ${CUT}`);
    expect(await compressorId('fast', 'single')).toBe(
      `zlib ${ZLIB.version}, level 1, one member of pieces of ${CUT}`,
    );
  });

  test('is zlib where libdeflate is missing, and any other fault is thrown', async () => {
    version.answer = () => {
      throw new Fault('TOOL_MISSING', 'x');
    };
    expect(await gzipTools()).toBe(ZLIB);
    for (const error of [
      new Fault('INTERRUPTED', 'x'),
      Object.assign(new Error('x'), { code: 'TOOL_MISSING' }),
    ]) {
      version.answer = () => {
        throw error;
      };
      await expect(gzipTools()).rejects.toBe(error);
    }
  });
});
