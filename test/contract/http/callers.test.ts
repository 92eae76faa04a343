import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CALLERS, type Caller, outcome } from './callers.ts';
import { AUTHORITY, Servers } from './servers.ts';

const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];
let dir: string;
let servers: Servers;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'callers-'));
  servers = new Servers();
  for (const name of VARIABLES) for (const spelt of [name, name.toUpperCase()]) vi.stubEnv(spelt, '');
  vi.stubEnv('SSL_CERT_FILE', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  servers.close();
  await rm(dir, { recursive: true });
});

// Long enough for a loaded machine to answer within it.
const limits = (more: { signal?: AbortSignal; stallMs?: number } = {}) => ({
  signal: new AbortController().signal,
  stallMs: 5_000,
  dir,
  ...more,
});

/** The right answer, after the whole request. */
const right =
  ({ answer }: Caller) =>
  (request: IncomingMessage, response: ServerResponse) =>
    request.resume().on('end', () => {
      if (new URL(request.url!, 'http://x').pathname !== answer.path) response.writeHead(404);
      response.end(answer.body);
    });

describe.each(CALLERS)('$name', (caller) => {
  const { answer, follows, silent } = caller;

  test.each(['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'])('goes through %s', async (name) => {
    const origin = await servers.http(right(caller));
    const proxy = await servers.proxy(origin.base);
    vi.stubEnv(name, `http://proxy-user:pr0xy%40pass@${proxy.host}`);
    // No name server knows it: only the proxy can lead there.
    expect(await outcome(caller.ask('http://host.invalid', limits()))).toEqual({ end: 'ok', words: '' });
    expect(proxy.seen[0]).toContain(` http://host.invalid${answer.path}`);
    const basic = Buffer.from('proxy-user:pr0xy@pass').toString('base64');
    expect(proxy.headers[0]?.['proxy-authorization']).toBe(`Basic ${basic}`);
    expect(origin.asked[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  test('does without the proxy for what no_proxy names, by a network too', async () => {
    const origin = await servers.http(right(caller));
    const proxy = await servers.proxy(origin.base);
    vi.stubEnv('http_proxy', `http://${proxy.host}`);
    vi.stubEnv('no_proxy', 'maas.example, 127.0.0.0/8');
    expect(await outcome(caller.ask(origin.base, limits()))).toEqual({ end: 'ok', words: '' });
    expect(proxy.seen).toEqual([]);
  });

  test('goes through a tunnel to https, whose authority SSL_CERT_FILE names', async () => {
    const origin = await servers.https(right(caller));
    const proxy = await servers.proxy(origin.base);
    vi.stubEnv('https_proxy', proxy.host);
    expect((await outcome(caller.ask(origin.base, limits()))).end).not.toBe('ok');
    expect(origin.asked).toHaveLength(0);
    vi.stubEnv('SSL_CERT_FILE', AUTHORITY);
    expect(await outcome(caller.ask(origin.base, limits()))).toEqual({ end: 'ok', words: '' });
    expect(new Set(proxy.seen)).toEqual(new Set([`CONNECT ${new URL(origin.base).host}`]));
    // A certificate for another host is refused through the tunnel as well.
    const other = origin.base.replace('127.0.0.1', 'host.invalid');
    expect((await outcome(caller.ask(other, { ...limits(), dir: join(dir, 'other') }))).end).not.toBe('ok');
  });

  test('is refused where the proxy is not an http URL, without a word of its password', async () => {
    vi.stubEnv('all_proxy', 'socks5://jo:hunter2-proxy@127.0.0.1:1');
    const { end, words } = await outcome(caller.ask('http://host.invalid', limits()));
    expect(end).not.toBe('ok');
    expect(words).not.toContain('hunter2');
  });

  test.each([
    ['a server', false],
    ['a proxy', true],
    ['a proxy before https', 'https'],
  ])('%s that takes the connection and says nothing is given up', async (_, proxied) => {
    const { base } = await servers.mute();
    if (proxied) vi.stubEnv('all_proxy', base);
    const to = proxied ? `${proxied === 'https' ? 'https' : 'http'}://host.invalid` : base;
    const { end } = await outcome(caller.ask(to, limits({ stallMs: 150 })));
    // Through a proxy, the check cannot know which of the two does not answer.
    if (typeof silent === 'string') expect(end).toBe(silent);
    else expect(end).toMatch(silent);
  });

  test('a server that stops in the middle of its answer is given up', async () => {
    const origin = await servers.http((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-length': answer.body.length + 10 });
      response.write(answer.body.subarray(0, 1));
    });
    const { end } = await outcome(caller.ask(origin.base, limits({ stallMs: 200 })));
    // An archive only has to answer.
    if (caller.name.startsWith('check')) expect(end).toBe('ok');
    else if (typeof silent === 'string') expect(end).toBe(silent);
    else expect(end).toMatch(silent);
  });

  test('a slow server is waited for, as long as it goes on', async () => {
    const parts = 8;
    const origin = await servers.http((request, response) =>
      request.resume().on('end', async () => {
        response.writeHead(200, { 'content-length': answer.body.length });
        const size = Math.ceil(answer.body.length / parts);
        for (let at = 0; at < answer.body.length; at += size) {
          response.write(answer.body.subarray(at, at + size));
          await sleep(300);
        }
        response.end();
      }),
    );
    // Longer as a whole than it may be silent, where only silence counts.
    const stallMs = caller.name.startsWith('dates') ? 20_000 : 2_000;
    expect(await outcome(caller.ask(origin.base, limits({ stallMs })))).toEqual({ end: 'ok', words: '' });
  });

  test.each([
    ['a server', false],
    ['a proxy', true],
    ['a proxy before https', 'https'],
  ])('is interrupted within a second while %s says nothing', async (_, proxied) => {
    const { base, connections } = await servers.mute();
    if (proxied) vi.stubEnv('all_proxy', base);
    const to = proxied ? `${proxied === 'https' ? 'https' : 'http'}://host.invalid` : base;
    const abort = new AbortController();
    const asking = outcome(caller.ask(to, limits({ signal: abort.signal, stallMs: 60_000 })));
    while (connections() === 0) await sleep(10);
    const from = performance.now();
    abort.abort();
    expect((await asking).end).not.toBe('ok');
    // A second of ours; the rest is for a machine with other things to do.
    expect(performance.now() - from).toBeLessThan(5_000);
    while (connections() > 0 && performance.now() - from < 5_000) await sleep(10);
    expect(connections()).toBe(0);
  });

  test('follows a redirect where it may, and takes no credentials to another host', async () => {
    const other = await servers.http(right(caller));
    const origin = await servers.http((request, response) => {
      request.resume();
      response.writeHead(307, { location: `${other.base}${answer.path}` }).end();
    });
    const base = follows ? origin.base.replace('//', '//jo:hunter2-origin@') : origin.base;
    const { end } = await outcome(caller.ask(base, limits()));
    expect(end).toBe(follows ? 'ok' : 'MAAS_REFUSED');
    expect(origin.asked[0]?.headers.authorization).toMatch(follows ? /^Basic / : /^OAuth /);
    expect(other.asked).toHaveLength(follows ? 1 : 0);
    for (const { headers } of other.asked) expect(headers.authorization).toBeUndefined();
  });

  test('never goes from https to http, nor on without an end', async () => {
    vi.stubEnv('SSL_CERT_FILE', AUTHORITY);
    const plain = await servers.http(right(caller));
    const secure = await servers.https((request, response) => {
      request.resume();
      response.writeHead(302, { location: `${plain.base}${answer.path}` }).end();
    });
    const { end, words } = await outcome(caller.ask(secure.base, limits()));
    expect(end).not.toBe('ok');
    expect(words).toContain('redirects');
    expect(plain.asked).toHaveLength(0);

    const circle = await servers.http((request, response) => {
      request.resume();
      response.writeHead(302, { location: `${request.url}?secret-token-0123456789` }).end();
    });
    const without = await outcome(caller.ask(circle.base, limits()));
    expect(without.end).not.toBe('ok');
    expect(circle.asked.length).toBeLessThanOrEqual(12);
  });

  test('says nothing of the password in a URL, nor of a token in its query', async () => {
    const origin = await servers.http((request, response) => {
      request.resume();
      response.writeHead(302, { location: '/x?token=abcdefghijklmnopqrstuvwxyz' }).end();
    });
    // MAAS has a key in place of a user and a password.
    const base = follows ? origin.base.replace('//', '//jo:hunter2-origin@') : origin.base;
    const { end, words } = await outcome(caller.ask(base, limits()));
    expect(end).not.toBe('ok');
    expect(words).not.toMatch(/hunter2|abcdefgh/);
  });
});
