import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { probeSources } from '../../../pipeline/image/checks/probe-sources.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  vi.unstubAllEnvs();
});

/** Answers by path; null never answers. */
async function serve(answer: (path: string) => number | null): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const status = answer(request.url!);
    if (status !== null) response.writeHead(status).end('x'.repeat(100_000));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const file = '/etc/apt/sources.list.d/x.list';
const options = { signal: new AbortController().signal };

test('asks for InRelease, then Release, of a suite or a flat repository; each once', async () => {
  const { url, asked } = await serve((path) => (path.endsWith('/InRelease') ? 404 : 200));
  const of = (suite: string) => ({ file, uri: `${url}/ubuntu/`, suite });
  const probed = await probeSources([of('focal'), of('focal'), of('./')], options);
  expect(probed.map((p) => p.state)).toEqual(['alive', 'alive']);
  expect(asked.sort()).toEqual([
    '/ubuntu/InRelease',
    '/ubuntu/Release',
    '/ubuntu/dists/focal/InRelease',
    '/ubuntu/dists/focal/Release',
  ]);
});

test('says what is dead, and why', async () => {
  const gone = await serve(() => 404);
  const closed = await serve(() => 403);
  const silent = await serve(() => null);
  const probed = await probeSources(
    [gone.url, closed.url, silent.url, 'http://127.0.0.1:9', 'cdrom:x', 'mirror+http://x'].map((uri) => ({
      file,
      uri,
      suite: 'focal',
    })),
    { ...options, eachMs: 300 },
  );
  expect(probed.map((p) => [p.state, p.said])).toEqual([
    ['dead', '404'],
    ['dead', '403'],
    ['dead', 'no answer within 0.3 s'],
    ['dead', 'ECONNREFUSED'],
    ['not-asked', 'cdrom: is not tested'],
    ['not-asked', 'mirror+http: is not tested'],
  ]);
});

test('ends when its time is over, and takes the proxy of the environment', async () => {
  const silent = await serve(() => null);
  const archives = Array.from({ length: 30 }, (_, i) => ({ file, uri: silent.url, suite: `s${i}` }));
  const probed = await probeSources(archives, { ...options, allMs: 500 });
  expect(new Set(probed.map((p) => p.state))).toEqual(new Set(['not-asked']));
  const proxy = await serve(() => 200);
  vi.stubEnv('http_proxy', proxy.url);
  vi.stubEnv('no_proxy', '');
  const [through] = await probeSources(
    [{ file, uri: 'http://archive.invalid/ubuntu', suite: 'focal' }],
    options,
  );
  expect(through).toMatchObject({ state: 'alive' });
  expect(proxy.asked).toEqual(['http://archive.invalid/ubuntu/dists/focal/InRelease']);
  vi.stubEnv('http_proxy', 'http://127.0.0.1:9');
  const [nowhere] = await probeSources(
    [{ file, uri: 'http://archive.invalid/ubuntu', suite: 'focal' }],
    options,
  );
  expect(nowhere).toMatchObject({ state: 'unreachable' });
});
