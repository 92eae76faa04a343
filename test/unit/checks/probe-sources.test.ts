import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { HttpError } from '../../../pipeline/host/http/http-error.ts';
import { probeSources } from '../../../pipeline/image/checks/probe-sources.ts';

/** The archives: the answer of each address, a status or an error. */
const server = vi.hoisted(() => ({
  asked: [] as string[],
  answer: (_url: string, _signal: AbortSignal): unknown => 200,
}));
vi.mock('../../../pipeline/host/http/client.ts', () => ({
  HttpClient: class {
    readonly signal: AbortSignal;
    constructor({ signal }: { signal: AbortSignal }) {
      this.signal = signal;
    }
    async send({ url }: { url: string }) {
      server.asked.push(url);
      const status = await server.answer(url, this.signal);
      if (status instanceof Error) throw status;
      return { status, discard() {} };
    }
    close() {}
  },
}));

beforeEach(() => {
  server.asked = [];
  for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
});
afterEach(() => vi.unstubAllEnvs());

const of = (uri: string, suite = 'focal') => ({ file: '/etc/apt/sources.list', uri, suite });
const options = { signal: new AbortController().signal };
const probe = async (answer: typeof server.answer, uri = 'http://a/ubuntu', limits: object = {}) => {
  server.answer = answer;
  const probed = await probeSources([of(uri)], { ...options, ...limits });
  return probed.map(({ state, said }) => `${state}: ${said}`).join();
};
/** Never an answer, until it is ended. */
const silent = (_: string, signal: AbortSignal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test.each([
  [199, 'dead: 199', 1],
  [200, 'alive: 200', 1],
  [299, 'alive: 299', 1],
  [300, 'dead: 300', 1],
  [403, 'dead: 403', 1],
  [404, 'dead: 404', 2],
])('an archive that answers %i is %s; addresses asked: %i', async (status, expected, asked) => {
  expect(await probe(() => status)).toBe(expected);
  expect(server.asked).toHaveLength(asked);
});

test('Release is asked for where there is no InRelease, of a suite or a flat repository, each once', async () => {
  server.answer = (url) => (url.endsWith('/InRelease') ? 404 : 200);
  const archives = [of('http://a/u//'), of('http://a/u//'), of('http://a/u', './'), of('http://a/u', '/x/')];
  const probed = await probeSources(archives, options);
  expect(probed.map(({ state }) => state)).toEqual(['alive', 'alive', 'alive']);
  expect(server.asked.sort()).toEqual([
    'http://a/u/InRelease',
    'http://a/u/Release',
    'http://a/u/dists/focal/InRelease',
    'http://a/u/dists/focal/Release',
    'http://a/u/x/InRelease',
    'http://a/u/x/Release',
  ]);
});

const network = (code: string) => new HttpError('network', 'x', { code });

test.each<[string, string, Error]>([
  ['refuses', 'dead: ECONNREFUSED', network('ECONNREFUSED')],
  ['has no name that is found here', 'unreachable: EAI_AGAIN', network('EAI_AGAIN')],
  ['is in no network of this host', 'unreachable: ENETUNREACH', network('ENETUNREACH')],
  ['fails without a code', 'dead: no connection', network('')],
  ['stands still', 'dead: no answer within 10 s', new HttpError('stalled', 'x')],
  ['redirects endlessly', 'dead: redirects', new HttpError('redirect', 'redirects')],
])('an archive that %s is %s', async (_, expected, error) => {
  expect(await probe(() => error)).toBe(expected);
});

test('an archive behind a proxy, or one that cannot be used, is not blamed', async () => {
  vi.stubEnv('http_proxy', 'http://proxy:3128');
  expect(await probe(() => network('ECONNREFUSED'))).toBe('unreachable: ECONNREFUSED');
  expect(await probe(() => network('ECONNREFUSED'), 'https://a/ubuntu')).toBe('dead: ECONNREFUSED');
  vi.stubEnv('http_proxy', 'socks9://proxy');
  expect(await probe(() => new Fault('CONFIG_INVALID', 'x'))).toBe('unreachable: CONFIG_INVALID');
});

test('other ways than http are not asked', async () => {
  expect(await probe(() => 200, 'cdrom:[x]/')).toBe('not-asked: cdrom: is not tested');
  expect(await probe(() => 200, 'mirror+http://x')).toBe('not-asked: mirror+http: is not tested');
  expect(await probe(() => 200, 'HTTPS://x')).toBe('alive: 200');
});

test('it ends by the limit of each, by that of all, and by its signal', async () => {
  expect(await probe(silent, 'http://a/u', { eachMs: 20 })).toBe('dead: no answer within 0.02 s');
  expect(await probe(silent, 'http://a/u', { allMs: 20 })).toBe('not-asked: the time limit was reached');
  server.answer = silent;
  const many = Array.from({ length: 9 }, (_, i) => of('http://a/u', `s${i}`));
  server.asked = [];
  const probed = await probeSources(many, { ...options, allMs: 20 });
  expect(new Set(probed.map(({ state }) => state))).toEqual(new Set(['not-asked']));
  expect(server.asked).toHaveLength(4);
  await expect(probeSources(many, { signal: AbortSignal.abort(new Error('over')) })).rejects.toThrow('over');
});
