import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { redact } from '../../../pipeline/core/secrets/registry.ts';
import { RetryBudget } from '../../../pipeline/host/http/retry-budget.ts';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import { type ClientOptions, createClient } from '../../../pipeline/maas/api/client.ts';

const KEY = parseApiKey('aaaaaaaaaaaaaaaaaa:bbbbbbbbbbbbbbbbbb:cccccccccccccccccccccccccccccccc', 'here');

let dir: string;
let events: Event[];
const closers: (() => void)[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'connection-'));
  events = [];
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const version: Handler = (_, response) => response.end('{"version": "3.5.13"}');

async function serve(handler: Handler): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(handler))}/MAAS`;
}

function client(url: string, more: Partial<ClientOptions> = {}) {
  return createClient({
    url,
    key: KEY,
    caCert: null,
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    retryBudget: new RetryBudget({ totalS: 2, firstContactS: 0.2, baseMs: 5 }),
    ...more,
  });
}

const whole = (request: IncomingMessage) =>
  new Promise<string>((resolve) => {
    let text = '';
    request
      .setEncoding('utf8')
      .on('data', (part: string) => (text += part))
      .on('end', () => resolve(text));
  });

/** A certificate for 127.0.0.1 that signs itself, for a hundred years; its key is a secret to nobody. */
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

async function secure(): Promise<{ url: string; ca: string }> {
  const ca = fixture('server-cert.pem');
  const server = createTlsServer(
    { key: readFileSync(fixture('server-key.pem')), cert: readFileSync(ca) },
    version,
  );
  return { url: `https://127.0.0.1:${await listen(server)}/MAAS`, ca };
}

describe('TLS', () => {
  test('an authority of the site is trusted when it is named', async () => {
    const { url, ca } = await secure();
    expect((await client(url, { caCert: ca }).version()).text).toBe('3.5.13');
  });

  test('and is refused at once when it is not', async () => {
    const { url } = await secure();
    const failed = client(url).version();
    await expect(failed).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      hint: expect.stringContaining('MAAS_API_CACERT'),
    });
    expect(events).toEqual([]);
  });

  test('a CA file that is missing or none', async () => {
    await expect(
      client('https://127.0.0.1:1/MAAS', { caCert: join(dir, 'none') }).version(),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    writeFileSync(join(dir, 'der'), 'x');
    await expect(client('https://127.0.0.1:1/MAAS', { caCert: join(dir, 'der') }).version()).rejects.toThrow(
      'no PEM',
    );
  });

  test('https where http is spoken', async () => {
    const url = (await serve(version)).replace('http:', 'https:');
    await expect(client(url).version()).rejects.toThrow('does not speak https');
  });
});

describe('proxies of the environment', () => {
  test('http goes through http_proxy, streamed bodies too, unless no_proxy names the host', async () => {
    let got = '';
    const url = await serve(async (request, response) => {
      got = await whole(request);
      version(request, response);
    });
    const seen: string[] = [];
    const proxy = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      const onward = httpRequest(
        request.url as string,
        { method: request.method, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode as number, answer.headers);
          answer.pipe(response);
        },
      );
      request.pipe(onward);
    });
    vi.stubEnv('http_proxy', `http://user:pr0xy-passw0rd@127.0.0.1:${await listen(proxy)}`);
    await client(url).version();
    const bytes = Buffer.alloc(600_000, 'x');
    await client(url).put('upload/', { type: 'application/octet-stream', length: bytes.length, bytes });
    expect(seen).toEqual([`GET ${url}/api/2.0/version/`, `PUT ${url}/api/2.0/upload/`]);
    expect(got).toBe(bytes.toString());
    vi.stubEnv('no_proxy', '127.0.0.1');
    await client(url).version();
    expect(seen).toHaveLength(2);
  });

  test('https goes through a tunnel', async () => {
    const { url, ca } = await secure();
    const proxy = createServer();
    const seen: string[] = [];
    proxy.on('connect', (request: IncomingMessage, socket) => {
      seen.push(request.url as string);
      const onward = connect(Number(new URL(url).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
    });
    vi.stubEnv('https_proxy', `http://127.0.0.1:${await listen(proxy)}`);
    expect((await client(url, { caCert: ca }).version()).text).toBe('3.5.13');
    expect(seen).toEqual([new URL(url).host]);
  });

  test('a proxy that wants a password is named', async () => {
    const proxy = createServer((_, response) => response.writeHead(407).end());
    vi.stubEnv('http_proxy', `http://127.0.0.1:${await listen(proxy)}`);
    await expect(client('http://maas.invalid/MAAS').version()).rejects.toMatchObject({
      code: 'MAAS_REFUSED',
      hint: expect.stringContaining('http_proxy'),
    });
  });
});

describe('a signed request stays with the server it is meant for', () => {
  test.each([301, 302, 307, 308])('a redirect (%i) is not followed', async (status) => {
    let leaked = 0;
    const other = await serve((_, response) => {
      leaked += 1;
      response.end('{}');
    });
    const url = await serve((_, response) => response.writeHead(status, { Location: `${other}/` }).end());
    const failed = client(url).get('boot-resources/');
    await expect(failed).rejects.toMatchObject({ code: 'MAAS_REFUSED', exitCode: 7 });
    await expect(failed).rejects.toThrow(`redirects to ${other}/`);
    expect(leaked).toBe(0);
  });

  test('every try has a signature of its own', async () => {
    const nonces: string[] = [];
    const url = await serve((request, response) => {
      nonces.push(/oauth_nonce="(\w+)"/.exec(request.headers.authorization as string)?.[1] as string);
      if (nonces.length < 4) response.writeHead(503).end();
      else version(request, response);
    });
    await client(url).version();
    expect(new Set(nonces).size).toBe(4);
  });
});

test('a value asked for by name is not taken for a secret', async () => {
  const name = 'a-rather-long-name-of-a-machine.example';
  await client(await serve(version)).get(`machines/?hostname=${name}`);
  expect(redact(`${name} is Ready`)).toBe(`${name} is Ready`);
});

describe('clocks', () => {
  const AHEAD_S = 3600;

  /** A server whose clock is an hour ahead, and that minds. */
  const minding: Handler = (request, response) => {
    const stamp = Number(/oauth_timestamp="(\d+)"/.exec(request.headers.authorization as string)?.[1]);
    const now = Date.now() / 1000 + AHEAD_S;
    response.setHeader('Date', new Date(now * 1000).toUTCString());
    if (now - stamp <= 300) return version(request, response);
    response
      .writeHead(401)
      .end(
        `Authorization Error: 'Expired timestamp: given ${stamp} and now ${now} has a greater difference than threshold 300'`,
      );
  };

  test('a server that is ahead is followed, with a warning', async () => {
    const maas = client(await serve(minding));
    expect((await maas.version()).text).toBe('3.5.13');
    await maas.get('version/');
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      level: 'warning',
      message: expect.stringMatching(/is 3(600|599) s ahead of/),
    });
  });

  test('agreeing clocks: an error that names the clock', async () => {
    const url = await serve((_, response) =>
      response.writeHead(401).end("Authorization Error: 'Expired timestamp: given 1 and now 2'"),
    );
    await expect(client(url).version()).rejects.toMatchObject({
      code: 'MAAS_UNAUTHORIZED',
      hint: expect.stringContaining('clock'),
    });
  });
});

describe('servers other than MAAS', () => {
  test.each([
    ['<!doctype html><title>MAAS</title>', 'the answer is a web page'],
    ['', 'the answer is not JSON'],
    ['{}', 'there is no version in it'],
    ['null', 'there is no version in it'],
  ])('%j', async (body, why) => {
    const url = await serve((_, response) => response.end(body));
    const failed = client(url).version();
    await expect(failed).rejects.toMatchObject({
      code: 'MAAS_PROTOCOL',
      hint: expect.stringContaining('/MAAS'),
    });
    await expect(failed).rejects.toThrow(why);
  });

  test('an answer larger than any of MAAS, and small on the wire, is not kept in memory', async () => {
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024, ' '));
    const url = await serve((_, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb),
    );
    await expect(client(url).version()).rejects.toMatchObject({
      code: 'MAAS_PROTOCOL',
      message: expect.stringContaining('too large'),
    });
  });

  test('an answer that never ends is given up', async () => {
    const url = await serve((_, response) => {
      response.write('{');
    });
    const failed = client(url, {
      answerMs: 50,
      retryBudget: new RetryBudget({ totalS: 0.05, baseMs: 5 }),
    }).version();
    await expect(failed).rejects.toMatchObject({ code: 'MAAS_UNREACHABLE', exitCode: 75 });
  });

  test('a body that nobody reads is given up', async () => {
    const url = await serve((request) => request.pause());
    const bytes = Buffer.alloc(32 * 1024 * 1024);
    const failed = client(url, { stallMs: 100 }).put('x/', {
      type: 'application/octet-stream',
      length: bytes.length,
      bytes,
    });
    await expect(failed).rejects.toMatchObject({
      code: 'MAAS_UNREACHABLE',
      message: expect.stringContaining('nothing could be sent'),
    });
  });
});
