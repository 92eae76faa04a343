import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { locateIso } from '../../../pipeline/install/iso/locate.ts';

const content = randomBytes(100_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const half = content.length / 2;

let dir: string;
let server: Server;
let requests: number;
let answer: (request: IncomingMessage, response: ServerResponse, number: number) => void;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'no-advance-'));
  requests = 0;
  server = createServer((request, response) => answer(request, response, ++requests));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true });
});

const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const cached = () => join(dir, 'isos', sha256.slice(0, 16));
const locate = () =>
  locateIso({ source: `${base()}/os.iso`, sha256 }, {
    cacheDir: dir,
    emit() {},
    retryMs: 5,
    stallMs: 300,
  } as never);

/** Half of the file is here from an earlier run. */
async function begun(): Promise<void> {
  await mkdir(cached(), { recursive: true });
  await writeFile(join(cached(), 'os.iso.part'), content.subarray(0, half));
}

const range = (response: ServerResponse, text: string, body: Buffer | string = '', more = {}) =>
  response.writeHead(206, { 'content-range': text, ...more }).end(body);
/** The first half, then the connection ends. */
const cut = (response: ServerResponse, headers = {}) => {
  response.writeHead(200, { 'content-length': content.length, ...headers });
  response.write(content.subarray(0, half), () => setTimeout(() => response.destroy(), 50));
};

test.each<[string, typeof answer]>([
  ['another range', (_, r) => range(r, 'bytes 0-9/100000', 'x'.repeat(10))],
  ['a range that is none', (_, r) => range(r, 'bytes */*', 'x')],
  ['a range without a body', (_, r) => range(r, `bytes ${half}-99999/100000`)],
  ['a range of nothing', (_, r) => range(r, `bytes ${half}-${half - 1}/100000`)],
  ['no Content-Range', (_, r) => r.writeHead(206).end('x')],
  [
    'another ETag each time',
    (q, r, n) => {
      // The part from an earlier run, without an ETag, is discarded first.
      if (n === 1) r.writeHead(416).end();
      else if (q.headers.range)
        range(r, `bytes ${half}-99999/100000`, content.subarray(half), { etag: `"${n}"` });
      else cut(r, { etag: `"${n}"` });
    },
  ],
  [
    'a wrong range, then half a file, in turn',
    (q, r) => (q.headers.range ? range(r, 'bytes 5-9/10', '12345') : cut(r)),
  ],
  ['416 with another size', (_, r) => r.writeHead(416, { 'content-range': 'bytes */7' }).end()],
  ['416 without a size', (_, r) => r.writeHead(416).end()],
  ['416, then half a file, in turn', (q, r) => (q.headers.range ? r.writeHead(416).end() : cut(r))],
  ['half a file each time', (_, r) => cut(r)],
  ['redirects without an end', (q, r) => r.writeHead(302, { location: `${q.url}x` }).end()],
  ['a redirect to itself', (q, r) => r.writeHead(301, { location: q.url }).end()],
  ['503 without an end', (_, r) => r.writeHead(503, { 'retry-after': '0' }).end()],
  ['nothing', (q) => q.socket.destroy()],
  ['an empty file', (_, r) => r.writeHead(200, { 'content-length': 0 }).end()],
  ['no content', (_, r) => r.writeHead(204).end()],
])('a server that sends %s is given up after some requests', async (_what, how) => {
  answer = how;
  await begun();
  await expect(locate()).rejects.toMatchObject({ name: 'Fault', code: expect.stringMatching(/^ISO_/) });
  expect(requests).toBeLessThan(30);
});

test('a server that sends the file in parts is followed to the end', async () => {
  const part = 30_000;
  answer = ({ headers }, response) => {
    const from = Number(/\d+/.exec(headers.range ?? '')?.[0] ?? 0);
    const bytes = content.subarray(from, from + part);
    if (headers.range) range(response, `bytes ${from}-${from + bytes.length - 1}/${content.length}`, bytes);
    else cut(response);
  };
  expect(await readFile((await locate()).path)).toEqual(content);
});

test.each([0, 86_400, -86_400])(
  'the lock of a download that was killed is taken at once (%i s old)',
  async (age) => {
    answer = (_, response) => response.end(content);
    await mkdir(join(cached(), 'os.iso.lock'), { recursive: true });
    const time = Date.now() / 1000 - age;
    await utimes(join(cached(), 'os.iso.lock'), time, time);
    const { hostname } = await import('node:os');
    const holder = { pid: 2 ** 22 + 1, host: hostname(), since: '', doing: '' };
    await writeFile(join(cached(), 'os.iso.lock.json'), JSON.stringify(holder));
    expect(await readFile((await locate()).path)).toEqual(content);
  },
);
