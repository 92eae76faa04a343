import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rangeOf } from '../../../pipeline/host/vm/send-file.ts';
import { CREDENTIAL_TOKEN } from '../../../pipeline/install/render/types.ts';
import { type ConfigServer, serveConfig } from '../../../pipeline/install/vm/config-server.ts';
import { newCredentials } from '../../../pipeline/install/vm/credentials.ts';
import fc from '../../property.ts';

let dir: string;
let server: ConfigServer;
const got: string[] = [];

function get(path: string, method = 'GET'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, method }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** Sends bytes as they are and waits until the connection has ended, or a moment when the server waits for more. */
function send(bytes: string | Buffer): Promise<void> {
  return new Promise((done) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.end(bytes));
    socket.setTimeout(100, () => socket.destroy());
    socket
      .on('error', () => {})
      .on('close', () => done())
      .resume();
  });
}

const pathOf = (file: string) => new URL(server.url(file)).pathname;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'serve-'));
  await writeFile(join(dir, 'curtin.yaml'), `cmd: "echo 'root:${CREDENTIAL_TOKEN}' | chpasswd -e"\n`);
  await mkdir(join(dir, 'files'));
  await writeFile(join(dir, 'files/0'), 'bytes');
  await symlink('/etc/passwd', join(dir, 'link'));
  server = await serveConfig(dir, '$6$salt$$&hash', (file) => got.push(file));
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true });
});

describe('the server of the installer configuration', () => {
  it('puts the hash of the run in, and reports that the file was fetched', async () => {
    expect(server.requested('curtin.yaml')).toBe(false);
    const { status, body } = await get(`${pathOf('curtin.yaml')}?x=1`);
    expect([status, body]).toEqual([200, `cmd: "echo 'root:$6$salt$$&hash' | chpasswd -e"\n`]);
    expect(got).toEqual(['curtin.yaml']);
    expect(server.requested('curtin.yaml')).toBe(true);
  });

  it('gives other files as they are', async () => {
    expect(await get(pathOf('files/0'))).toEqual({ status: 200, body: 'bytes' });
  });

  it('has a path that cannot be guessed, another one each time', async () => {
    const other = await serveConfig(dir, 'hash', () => {});
    const tokens = [server, other].map(({ url }) => new URL(url('x')).pathname.split('/')[1]);
    await other.close();
    expect(tokens[0]).toMatch(/^[0-9a-f]{24}$/);
    expect(tokens[0]).not.toBe(tokens[1]);
  });

  it.each(['/curtin.yaml', '/files/0', '/files', '/%', '/', '//', '/nope', '/../../etc/passwd'])(
    'refuses %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  it.each(['', 'files', 'files/', 'link', '../etc/passwd', 'files/../curtin.yaml', '%00', 'curtin.yam%6c'])(
    'refuses %s below its own path',
    async (file) => {
      expect((await get(pathOf('').slice(0, 26) + file)).status).toBe(404);
    },
  );

  it('serves a medium beside them, whole and in ranges, as wget and curl ask for it', async () => {
    const medium = join(dir, '..', `medium-${process.pid}.iso`);
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    await writeFile(medium, bytes);
    const asked: string[] = [];
    const other = await serveConfig(dir, 'hash', (file) => asked.push(file), { 'medium.iso': medium });
    const url = other.url('medium.iso').replace('10.0.2.2', '127.0.0.1');
    const part = async (range?: string, method = 'GET') => {
      const answer = await fetch(url, { method, headers: range ? { range } : {} });
      const body = Buffer.from(await answer.arrayBuffer());
      return { status: answer.status, body, of: answer.headers.get('content-range'), answer };
    };
    try {
      const whole = await part();
      expect([whole.status, whole.body.equals(bytes)]).toEqual([200, true]);
      const middle = await part('bytes=100-299');
      expect([middle.status, middle.of]).toEqual([206, 'bytes 100-299/300000']);
      expect(middle.body.equals(bytes.subarray(100, 300))).toBe(true);
      expect((await part('bytes=-5')).body.equals(bytes.subarray(-5))).toBe(true);
      expect((await part('bytes=299990-')).body.equals(bytes.subarray(299_990))).toBe(true);
      expect(await part('bytes=300000-')).toMatchObject({ status: 416, of: 'bytes */300000' });
      expect(asked).toEqual(Array(5).fill('medium.iso'));
      const head = await part(undefined, 'HEAD');
      expect([head.status, head.answer.headers.get('content-length'), head.body.length]).toEqual([
        200,
        '300000',
        0,
      ]);
      // A request for its length does not fetch it.
      expect(asked).toHaveLength(5);
    } finally {
      await other.close();
      await rm(medium);
    }
  });

  it.each<[string | undefined, number, ReturnType<typeof rangeOf>]>([
    [undefined, 10, undefined],
    ['bytes=0-0', 10, { start: 0, end: 0 }],
    ['bytes=0-99', 10, { start: 0, end: 9 }],
    ['Bytes=3-', 10, { start: 3, end: 9 }],
    ['bytes=-3', 10, { start: 7, end: 9 }],
    ['bytes=-30', 10, { start: 0, end: 9 }],
    ['bytes=10-', 10, null],
    ['bytes=-0', 10, null],
    ['bytes=0-', 0, null],
    ['bytes=5-4', 10, undefined],
    ['bytes=-', 10, undefined],
    ['bytes=0-1,3-4', 10, undefined],
    ['lines=0-1', 10, undefined],
    [`bytes=${'9'.repeat(400)}-`, 10, undefined],
  ])('the range %s of %i bytes', (header, size, range) => {
    expect(rangeOf(header, size)).toEqual(range);
  });

  it('takes no other method', async () => {
    expect((await get(pathOf('curtin.yaml'), 'DELETE')).status).toBe(405);
  });

  it('lives on, whatever is sent to it', async () => {
    const lines = fc.oneof(
      fc.tuple(
        fc.constantFrom('GET', 'HEAD', 'POST', 'CONNECT', 'OPTIONS', 'M-SEARCH', 'X'),
        fc.oneof(
          fc.constantFrom('/%', '//', '/files', '*', 'http://', 'http://a b/', '/%ff', '/\u0000', 'x:1', ''),
          fc.string({ unit: 'binary-ascii', maxLength: 20 }),
        ),
        fc.constantFrom(
          '',
          'Upgrade: h2c\r\nConnection: Upgrade\r\n',
          'Expect: 100-continue\r\nContent-Length: 5\r\n',
          'Content-Length: -1\r\n',
          'Transfer-Encoding: chunked\r\n',
          'Host\r\n',
          `X: ${'y'.repeat(100_000)}\r\n`,
        ),
      ),
    );
    await fc.assert(
      fc.asyncProperty(lines, ([method, url, headers]) =>
        send(`${method} ${url} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`),
      ),
      { numRuns: 150 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => send(Buffer.from(bytes))),
      { numRuns: 50 },
    );
    // A client that goes away in the middle of an answer.
    for (let i = 0; i < 20; i++) {
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write(`GET ${pathOf('files/0')} HTTP/1.1\r\nHost: x\r\n\r\n`);
        socket.resetAndDestroy();
      });
      await new Promise((closed) => socket.on('close', closed));
    }
    // One that was deleted while the server runs.
    await rm(join(dir, 'files/0'));
    expect((await get(pathOf('files/0'))).status).toBe(500);
    expect((await get(pathOf('curtin.yaml'))).status).toBe(200);
  });
});

describe('credentials', () => {
  it('are other ones each time, and never the password in the hash', () => {
    const [a, b] = [newCredentials(), newCredentials()];
    expect(a.password).not.toBe(b.password);
    expect(a.hash).toMatch(/^\$6\$[0-9a-f]{16}\$[./0-9A-Za-z]{86}$/);
    expect(a.hash).not.toContain(a.password);
  });
});
