import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { HttpError } from '../../../pipeline/host/http/http-error.ts';
import { validateFile } from '../../../pipeline/image/checks/validate-file.ts';
import { digestOf } from '../../../pipeline/image/read/digest.ts';
import { ImageReader } from '../../../pipeline/image/read/image-reader.ts';
import { readImage } from '../../../pipeline/image/read/read-image.ts';
import { openSource, sourceFault } from '../../../pipeline/image/read/source.ts';
import { goodRoot } from '../checks/root.ts';

/** The server: its answer, or the error of the attempt. */
const server = vi.hoisted(() => ({ answer: (): unknown => undefined, closed: 0 }));
vi.mock('../../../pipeline/host/http/client.ts', () => ({
  HttpClient: class {
    async send() {
      return server.answer();
    }
    close() {
      server.closed += 1;
    }
  },
}));

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'source-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const { signal } = new AbortController();
const bytesOf = async (chunks: AsyncIterable<Buffer>) => {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
};
const fails = (error: unknown) => () => {
  throw error;
};

describe('a URL', () => {
  const answer = (status: number, length: string | null = null) => ({
    ...{ status, statusText: 'Words', discard() {} },
    headers: { get: () => length },
    body: (async function* () {
      yield Buffer.from('bytes');
    })(),
  });
  const URL = 'HTTPS://user:secret@host/image.tar.gz?token=secret';
  const NAME = 'https://host/image.tar.gz';

  test.each([
    [200, null, undefined],
    [299, '5', 5],
    [200, '0', 0],
  ])('that answers %i is read: length %s', async (status, length, size) => {
    server.answer = () => answer(status, length);
    const source = await openSource(URL, signal);
    expect(source).toMatchObject({ name: NAME, size });
    const closed = server.closed;
    expect((await bytesOf(source.chunks)).toString()).toBe('bytes');
    expect(server.closed).toBe(closed + 1);
  });

  test.each<[string, () => unknown, string]>([
    ['answers 199', () => answer(199), `${NAME} answers 199 Words`],
    ['answers 300', () => answer(300), `${NAME} answers 300 Words`],
    ['answers 404', () => answer(404), `${NAME} answers 404 Words`],
    ['is silent', fails(new HttpError('stalled', 'no answer came')), `Cannot fetch ${NAME}: no answer came`],
    [
      'is not there',
      fails(new HttpError('network', 'long', { code: 'ECONNREFUSED' })),
      `Cannot fetch ${NAME}: ECONNREFUSED`,
    ],
    [
      'fails by the system',
      fails(Object.assign(new Error('long'), { code: 'EIO' })),
      `Cannot fetch ${NAME}: EIO`,
    ],
    ['fails otherwise', fails(new Error('words')), `Cannot fetch ${NAME}: words`],
    ['fails by no error', fails({ brief: 'no', message: 'words' }), `Cannot fetch ${NAME}: words`],
    ['has a fault of its own', fails(new Fault('IMAGE_UNREADABLE', 'a proxy')), 'a proxy'],
  ])('that %s is a fault', async (_, how, message) => {
    server.answer = how;
    const closed = server.closed;
    await expect(openSource(URL, signal)).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE', message });
    expect(server.closed).toBe(closed + 1);
  });

  test('that is none is not repeated', async () => {
    await expect(openSource('http://user:secret@', signal)).rejects.toMatchObject({
      message: "The image's URL is not a valid URL",
    });
  });
});

describe('a path', () => {
  test.each<[string, () => string, string, string]>([
    ['nothing', () => join(dir, 'none'), 'IMAGE_UNREADABLE', 'There is no file '],
    ['a folder', () => dir, 'IMAGE_UNREADABLE', ' is a folder, not a file'],
    ['something below a file', () => join(import.meta.filename, 'x'), 'PATH_UNUSABLE', 'ENOTDIR'],
  ])('to %s is a fault', async (_, path, code, words) => {
    await expect(openSource(path(), signal)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
  });

  test.each([
    ['EACCES', 'NO_PERMISSION'],
    ['EPERM', 'NO_PERMISSION'],
    ['EIO', 'IMAGE_UNREADABLE'],
  ])('that breaks by %s while it is read is %s', (code, fault) => {
    expect(sourceFault(Object.assign(new Error('x'), { code }), 'image').code).toBe(fault);
  });
});

describe('a digest', () => {
  const STEP = 64 << 20;
  test.each([
    [0, []],
    [STEP - 1, []],
    [STEP, [STEP]],
  ])('of %i bytes reports %j', async (bytes, expected) => {
    writeFileSync(join(dir, 'large'), '');
    truncateSync(join(dir, 'large'), bytes);
    const reported: unknown[] = [];
    const emit = (event: object) => reported.push((event as { done?: number }).done ?? 'end');
    expect(await digestOf(join(dir, 'large'), emit, signal)).toMatchObject({ size: bytes });
    expect(reported).toEqual([...expected, 'end']);
  });

  test('is interrupted, and is none of a file that is missing', async () => {
    writeFileSync(join(dir, 'small'), 'x');
    const digest = (name: string, by: AbortSignal) => digestOf(join(dir, name), () => {}, by);
    await expect(digest('small', AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(digest('none', signal)).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
  });
});

describe('an image', () => {
  async function* stream(...parts: (Buffer | Error | (() => void))[]): AsyncGenerator<Buffer> {
    for (const part of parts) {
      if (part instanceof Error) throw part;
      if (typeof part === 'function') part();
      else yield part;
    }
  }
  const read = (chunks: AsyncIterable<Buffer>, options: object = {}, size?: number) =>
    readImage({ name: 'image', chunks, size }, { signal, ...options });
  const STEP = 8 << 20;

  test.each([
    [STEP - 1, undefined, [[STEP - 1, STEP - 1]]],
    [
      STEP,
      undefined,
      [
        [STEP, undefined],
        [STEP, STEP],
      ],
    ],
    [
      STEP,
      99,
      [
        [STEP, 99],
        [STEP, 99],
      ],
    ],
  ])('of %i bytes, %s of them promised, reports %j', async (bytes, size, expected) => {
    const reported: unknown[] = [];
    const emit = ({ type, done, total }: Record<string, unknown>) =>
      reported.push(type === 'progress' ? [done, total] : type);
    await read(stream(Buffer.alloc(bytes)), { emit }, size);
    expect(reported).toEqual([...expected, 'activity-end']);
  });

  test('is the same in pieces of any length, from less than a magic number on', async () => {
    const tar = await goodRoot().tar();
    const whole = await read(stream(tar));
    expect(whole.stream).toEqual({ format: 'none', whole: true, bytes: tar.length, problem: null });
    for (const length of [100, 511, 512, 513]) {
      const parts = Array.from({ length: Math.ceil(tar.length / length) }, (_, i) =>
        tar.subarray(i * length, (i + 1) * length),
      );
      expect(await read(stream(...parts))).toEqual(whole);
    }
  });

  test('that is none is named, and counted to its end', async () => {
    const parts = [Buffer.from('<html>'), Buffer.alloc(600, ' '), Buffer.alloc(10_000, 'x')];
    const { stream: found, facts } = await read(stream(...parts));
    expect(found).toMatchObject({ format: 'unknown', whole: false, bytes: 10_606 });
    expect(found.problem).toBe('the file is a web page or XML');
    expect(facts.archive.tarBytes).toBe(0);
  });

  test('that breaks off is a fault: by its own, by one that the source has, or by an interruption', async () => {
    const some = Buffer.alloc(10);
    const error = Object.assign(new Error('x'), { code: 'EIO' });
    await expect(read(stream(some, error))).rejects.toMatchObject({
      message: 'Reading image failed: EIO',
    });
    const fault = new Fault('DISK_FULL', 'x');
    await expect(read(stream(some, fault))).rejects.toBe(fault);
    for (const last of [some, error]) {
      const stop = new AbortController();
      const parts = stream(some, () => stop.abort(), last);
      await expect(read(parts, { signal: stop.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    }
  });

  test('may end its gzip in any byte: of zeros, of one that counts', async () => {
    for (const bytes of [10_240, 16 << 20]) {
      const gzip = gzipSync(Buffer.alloc(bytes), { level: 1 });
      expect((await read(stream(gzip))).stream).toMatchObject({ format: 'gzip', problem: null });
      const { problem } = (await read(stream(gzip, Buffer.from('\0x')))).stream;
      expect(problem).toMatch(/^[12] bytes of something else follow|something that is not gzip/);
    }
  });

  test('is not read for a profile that there is none of', async () => {
    await expect(
      validateFile(join(dir, 'none'), { signal, profile: 'dgxos99' } as never),
    ).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('has no facts before its end', () => {
    const reader = new ImageReader({ signal });
    expect(() => reader.content).toThrow('not read to its end');
    reader.destroy();
  });
});
