import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ValidatedFile, validateFile } from '../../../pipeline/image/checks/validate-file.ts';
import { goodRoot, small } from '../../unit/checks/root.ts';

let dir: string;
let tar: Buffer;
const signal = new AbortController().signal;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'validate-'));
  // More than one chunk of every reader, and nothing that packs to nothing.
  const noise = Buffer.concat(
    Array.from({ length: 30_000 }, (_, i) => createHash('sha256').update(String(i)).digest()),
  );
  tar = await goodRoot().put('usr/noise', noise).tar();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, bytes: Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
}

function validate(source: string): Promise<ValidatedFile> {
  return validateFile(source, { profile: small(), signal });
}

function stream({ verdict }: ValidatedFile) {
  return verdict.findings.find((f) => f.id === 'stream-whole')!;
}

function compressed(tool: string, input: Buffer): Buffer {
  return execFileSync(tool, ['-c'], { input, maxBuffer: 1 << 26 });
}

describe('a whole image', () => {
  it.each([
    ['gzip', () => gzipSync(tar)],
    [
      'gzip in members',
      () =>
        Buffer.concat(
          [0, 1, 2, 3].map((i) =>
            gzipSync(tar.subarray(i * 300_001, i === 3 ? undefined : (i + 1) * 300_001)),
          ),
        ),
    ],
    ['gzip with zeros behind it', () => Buffer.concat([gzipSync(tar), Buffer.alloc(5000)])],
    ['xz', () => compressed('xz', tar)],
    ['bzip2', () => compressed('bzip2', tar)],
    ['no compression', () => tar],
  ])('passes by %s', async (_name, bytes) => {
    const path = write('whole', bytes());
    const result = await validate(path);
    expect(stream(result)).toMatchObject({ status: 'pass' });
    expect(result.verdict.passed).toBe(true);
    expect(result.size).toBe(readFileSync(path).length);
    expect(result.sha256).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
    expect(result.facts.archive.tarBytes).toBe(tar.length);
  });
});

describe('a stream that is not whole', () => {
  it.each([
    ['gzip cut short', () => gzipSync(tar).subarray(0, 500_000), /breaks off/],
    ['gzip without its last bytes', () => gzipSync(tar).subarray(0, -4), /breaks off/],
    ['gzip with a wrong byte', () => flip(gzipSync(tar), 400_000), /gzip stream is damaged/],
    ['gzip with a wrong sum', () => flip(gzipSync(tar), -6), /gzip stream is damaged/],
    [
      'gzip and something else',
      () => Buffer.concat([gzipSync(tar), Buffer.from('<html>proxy error</html>')]),
      /not gzip follows/,
    ],
    [
      'a second member cut short',
      () =>
        Buffer.concat([
          gzipSync(tar.subarray(0, 512_000)),
          gzipSync(tar.subarray(512_000)).subarray(0, -100),
        ]),
      /breaks off/,
    ],
    ['xz cut short', () => compressed('xz', tar).subarray(0, -100), /xz stream is not complete: .*end/i],
    [
      'xz with garbage',
      () => Buffer.concat([compressed('xz', tar), Buffer.from('garbage!')]),
      /xz stream is not complete/,
    ],
    ['bzip2 cut short', () => compressed('bzip2', tar).subarray(0, -100), /bzip2 stream is not complete/],
    ['a tar cut short', () => tar.subarray(0, 300_000), /breaks off in the middle/],
    ['3.5 KB', () => gzipSync(tar).subarray(0, 3500), /breaks off/],
    ['nothing', () => Buffer.alloc(0), /no bytes/],
    ['a web page', () => Buffer.from('<!DOCTYPE html><html>404</html>'), /web page/],
    ['zstd', () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]), /zstd.*gzip, xz and bzip2/],
    ['a gzip of text', () => gzipSync(Buffer.from('hello '.repeat(1000))), /not a tar/],
  ])('is found out: %s', async (_name, bytes, found) => {
    const result = await validate(write('broken', bytes()));
    expect(stream(result)).toMatchObject({
      status: 'fail',
      severity: 'blocker',
      found: expect.stringMatching(found),
    });
    expect(result.verdict.passed).toBe(false);
    expect(result.sha256).toBe(
      createHash('sha256')
        .update(readFileSync(join(dir, 'broken')))
        .digest('hex'),
    );
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = bytes[place]! ^ 0x5a;
  return bytes;
}

describe('a source', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const bytes = gzipSync(tar);
      if (request.url?.startsWith('/image')) response.end(bytes);
      else if (request.url === '/private') {
        response.statusCode =
          request.headers.authorization === `Basic ${Buffer.from('me:pass word').toString('base64')}`
            ? 200
            : 401;
        response.end(bytes);
      } else if (request.url === '/cut') {
        response.setHeader('content-length', bytes.length);
        response.write(bytes.subarray(0, 100_000), () => response.destroy());
      } else {
        response.statusCode = 404;
        response.end('no');
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('may be a URL, whose query and password are not shown', async () => {
    const result = await validate(`${url}/image.tgz?token=hush`);
    expect(result).toMatchObject({ name: `${url}/image.tgz`, verdict: { passed: true } });
    const secret = url.replace('http://', 'http://me:pass%20word@');
    expect((await validate(`${secret}/private`)).name).toBe(`${url}/private`);
  });

  it.each([
    ['404', () => `${url}/none`, /answers 404/],
    ['a connection that breaks', () => `${url}/cut`, /Reading .* failed/],
    ['nobody there', () => 'http://127.0.0.1:1/x', /ECONNREFUSED/],
    ['no file', () => join(dir, 'none'), /no file/],
    ['a directory', () => dir, /is a folder, not a file/],
  ])('that cannot be read is an error of its own: %s', async (_name, source, message) => {
    await expect(validate(source())).rejects.toMatchObject({
      code: 'IMAGE_UNREADABLE',
      message: expect.stringMatching(message),
    });
  });

  it('is left when interrupted', async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(
      validateFile(write('x', gzipSync(tar)), { profile: 'demo', signal: abort.signal }),
    ).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('is not read for a profile that is not there', async () => {
    await expect(validateFile(join(dir, 'none'), { profile: 'nope', signal })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});
