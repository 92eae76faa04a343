import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import pLimit from 'p-limit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { namesHost } from '../../../pipeline/host/http/no-proxy.ts';
import { proxyFor } from '../../../pipeline/host/http/proxy.ts';

// The real curl (Debian's 7.88.1 and later) asks through a proxy that notes what it was asked.
const run = promisify(execFile);
let proxy: Server;
let port: number;
const seen = new Set<string>();
beforeAll(async () => {
  proxy = createServer((request, response) => {
    seen.add(String(request.headers['x-case']));
    response.end();
  });
  // curl's --connect-to makes a tunnel of a request by proxy; headers of ours are in it by --proxy-header.
  proxy.on('connect', (request, socket) => {
    seen.add(String(request.headers['x-case']));
    socket.end('HTTP/1.1 502 no\r\n\r\n');
  });
  await new Promise<void>((ready) => proxy.listen(0, '127.0.0.1', ready));
  port = (proxy.address() as AddressInfo).port;
});
afterAll(() => proxy.close());

/** Whether curl goes through the proxy; whatever it asks directly ends at a closed port of this host. */
async function curl(url: string, env: Record<string, string>, id: string): Promise<boolean> {
  const header = ['--proxy-header', `x-case: ${id}`, '-H', `x-case: ${id}`];
  await run('curl', ['-gsS', '-m', '20', '--connect-to', '::127.0.0.1:9', ...header, url], {
    env: { PATH: process.env.PATH, ...env },
  }).catch((error) => {
    if (error.code === 'ENOENT' || error.killed) throw error;
  });
  return seen.has(id);
}

const URLS = [
  'http://a.example/',
  'http://b.a.example:8080/',
  'http://nota.example/',
  'http://A.EXAMPLE./',
  'https://a.example/',
  'http://localhost/',
  'http://127.0.0.5/',
  'https://10.1.2.3:8443/',
  'http://192.168.7.9/',
  'http://[2001:db8::5]/',
];
const LISTS = [
  '',
  '*',
  'a.example',
  '.a.example',
  '.a.example.',
  'A.Example',
  'example',
  '.example',
  '..example',
  'le',
  'x,a.example',
  'x a.example',
  ' x ,, a.example,',
  '.',
  ',',
  'localhost,127.0.0.5',
  '127.0.0.0/8',
  '127.0.0.0/8,10.0.0.0/8',
  '10.1.2.3/32',
  '10.1.2.2/31',
  '10.1.2.4/31',
  '10.0.0.0/0',
  '0.0.0.0/0',
  '10.0.0.0/33',
  '10.1.2.3/x',
  '10.1.2.3/-1',
  '10/8',
  '.2.3',
  '192.168.0.0/16',
  '192.168.7.8/29,10.1.0.0/17',
  '2001:db8::5',
  'http://a.example',
  'a.example;b',
];

test('no_proxy: ours goes through the proxy where the real curl does', async () => {
  const limit = pLimit(4);
  const cases = URLS.flatMap((url) => LISTS.map((list) => ({ url, list })));
  expect(cases.length).toBeGreaterThan(300);
  const compared = await Promise.all(
    cases.map(({ url, list }, at) =>
      limit(async () => {
        const proxied = `http://127.0.0.1:${port}`;
        const env = { http_proxy: proxied, https_proxy: proxied, no_proxy: list };
        return {
          url,
          list,
          curl: await curl(url, env, `list-${at}`),
          ours: proxyFor(new URL(url), env) !== null,
        };
      }),
    ),
  );
  expect(compared.filter((one) => one.curl !== one.ours)).toEqual([]);
  expect(new Set(compared.map((one) => one.curl)).size).toBe(2);
});

test('the variable that names the proxy: as the real curl', async () => {
  const here = `http://127.0.0.1:${port}`;
  const nowhere = 'http://127.0.0.1:9';
  const cases: [string, Record<string, string>][] = [
    ['http://a.example/', {}],
    ['http://a.example/', { http_proxy: here }],
    ['http://a.example/', { https_proxy: here }],
    ['https://a.example/', { https_proxy: here }],
    ['https://a.example/', { HTTPS_PROXY: here }],
    ['https://a.example/', { http_proxy: here }],
    ['http://a.example/', { all_proxy: here }],
    ['https://a.example/', { ALL_PROXY: here }],
    ['http://a.example/', { http_proxy: '', ALL_PROXY: here }],
    ['http://a.example/', { http_proxy: here, ALL_PROXY: nowhere }],
    ['http://a.example/', { all_proxy: here, ALL_PROXY: nowhere }],
    ['http://a.example/', { all_proxy: nowhere, ALL_PROXY: here }],
    ['https://a.example/', { https_proxy: here, HTTPS_PROXY: nowhere }],
    ['http://a.example/', { http_proxy: `127.0.0.1:${port}` }],
    ['http://a.example/', { http_proxy: `user:p%40ss@127.0.0.1:${port}` }],
    ['http://a.example/', { http_proxy: `HTTP://127.0.0.1:${port}/` }],
    ['http://a.example/', { http_proxy: here, no_proxy: '', NO_PROXY: 'a.example' }],
    ['http://a.example/', { http_proxy: here, no_proxy: 'b', NO_PROXY: 'a.example' }],
    ['http://a.example/', { http_proxy: here, NO_PROXY: 'a.example' }],
    ['http://a.example/', { all_proxy: here, no_proxy: 'a.example' }],
  ];
  for (const [at, [url, env]] of cases.entries()) {
    const ours = proxyFor(new URL(url), env);
    const through = ours !== null && ours.host === `127.0.0.1:${port}`;
    expect({ url, env, through }).toEqual({ url, env, through: await curl(url, env, `env-${at}`) });
  }
});

test.each([
  // curl 7.88.1 never matches these; Node, Go and Python do, and whoever writes them means it.
  ['http://a.example:5240/', 'a.example:5240', true],
  ['http://a.example:5240/', 'a.example:80', false],
  ['https://a.example/', 'a.example:443', true],
  ['http://10.1.2.3:81/', '10.1.2.3:81', true],
  ['http://10.1.2.3:81/', '10.0.0.0/8:81', true],
  ['http://a.example/', '*.example', true],
  ['http://example/', '*.example', true],
  ['http://a.example/', 'b,*', true],
  // Nor IPv6 but by the letter: it has taken off the brackets by which it would know an address.
  ['http://[2001:db8::5]/', '2001:DB8:0:0:0:0:0:5', true],
  ['http://[2001:db8::5]/', '[2001:db8::5]', true],
  ['http://[2001:db8::5]:81/', '[2001:db8::5]:81', true],
  ['http://[2001:db8::5]:81/', '[2001:db8::5]:82', false],
  ['http://[2001:db8::5]/', '2001:db8::/32', true],
  ['http://[2001:db8::5]/', '[2001:db8::]/32', true],
  ['http://[2001:db9::5]/', '2001:db8::/32', false],
  ['http://[2001:db8:0:0:8000::5]/', '2001:db8::/65', false],
  ['http://[2001:db8:0:0:7000::5]/', '2001:db8::/65', true],
  ['http://[2001:db8::5]/', '2001:db8::/129', false],
  ['http://[2001:db8::5]/', '10.0.0.0/8', false],
  ['http://10.1.2.3/', '::/1', false],
])('%s with no_proxy=%s: direct %s', (url, list, direct) => {
  expect(namesHost(list, new URL(url))).toBe(direct);
});

test.each([
  ['socks5://127.0.0.1:1', 'socks5://127.0.0.1:1'],
  ['http://', 'http://'],
  ['http://user:hunter2hunter@:x', '***@:x'],
  ['user:hunter2/hunter@[', '***@['],
])('a proxy that cannot be one is refused, without its password: %s', (value, shown) => {
  expect(() => proxyFor(new URL('http://a.example/'), { http_proxy: value })).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: `The proxy for http://a.example is not an http or https URL: ${shown}`,
      hint: expect.stringContaining('http_proxy'),
    }),
  );
});
