import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderStore } from '../../../pipeline/store/folder.ts';
import { StoreLedger } from '../../../pipeline/store/ledger.ts';
import { parseListing } from '../../../pipeline/store/server/autoindex.ts';
import { webStore } from '../../../pipeline/store/server/web.ts';
import { NO_SIGNATURES } from '../../../pipeline/store/trust.ts';
import { shareLedger } from '../../../pipeline/workspace/ledger/shared.ts';
import fc from '../../property.ts';
import { Host } from '../cli/host.ts';
import { Apache } from './apache.ts';
import { Builder, keysOf } from './builders.ts';
import { Nginx } from './nginx.ts';
import { expectSharedEntries } from './shared-ledger.ts';

const { signal } = new AbortController();
const over = (url: string) => webStore(url, { signal, authorization: null, caCert: null });

// Debian's nginx-light 1.22.1 with libnginx-mod-http-dav-ext 3.0.0, and its Apache 2.4.
describe.each<[string, () => Nginx | Apache]>([
  ['nginx with autoindex', () => new Nginx()],
  ['nginx with PROPFIND', () => new Nginx({ listing: 'propfind' })],
  ['Apache with mod_dav, which makes no folders by itself', () => new Apache()],
])('a store behind %s', (_, server) => {
  let nginx: Nginx | Apache;
  let host: Host;
  beforeEach(async () => {
    nginx = await server().start();
    host = new Host({ DGXOS_MAAS_STORE: nginx.url });
  });
  afterEach(async () => {
    host.remove();
    await nginx.remove();
  });
  const run = (...args: string[]) => host.run(['--json', 'store', ...args]);

  it('lists what the folder has, and nothing of others', async () => {
    await new Builder(join(host.dir, 'one'), async () => over(nginx.url)).run();
    for (const name of ['notes', 'records/of%me', 'records/build/deep/er']) {
      mkdirSync(join(nginx.root, name), { recursive: true });
      writeFileSync(join(nginx.root, name, 'x.txt'), 'x');
    }
    const all = async (files: AsyncIterable<{ key: string; size: number; changedMs: number }>) => {
      const found = new Map<string, number>();
      for await (const { key, size, changedMs } of files) {
        expect(Math.abs(Date.now() - changedMs)).toBeLessThan(600_000);
        found.set(key, size);
      }
      return found;
    };
    const folder = await all(new FolderStore(nginx.root, signal).list());
    const listed = await all(over(nginx.url).list());
    for (const key of [...folder.keys()]) if (key.endsWith('x.txt')) folder.delete(key);
    expect([...listed].sort()).toEqual([...folder].sort());
  });

  it('is listed, verified and cleaned up by the commands', async () => {
    await new Builder(join(host.dir, 'one'), async () => over(nginx.url)).run();
    expect((await run('list')).json).toMatchObject({
      ok: true,
      place: nginx.url,
      results: { length: 3 },
      bad: [],
    });
    expect((await run('verify')).json).toMatchObject({ ok: true, results: 3 });
    const blob = (await keysOf(nginx.root)).find((key) => key.startsWith('blobs/')) as string;
    truncateSync(join(nginx.root, blob), 1);
    expect((await run('verify')).code).toBe(6);
    expect((await run('verify', '--remove')).code).toBe(0);
    expect(await keysOf(nginx.root)).not.toContain(blob);
    expect((await run('gc', '--keep-bytes', '1K')).code).toBe(0);
    expect((await run('list')).json.results).toEqual([]);
  });

  it('has the ledger of all builders', async () => {
    const ledger = (name: string) => {
      const env = { XDG_STATE_HOME: join(host.dir, name) };
      const context = { env, signal, emit: (event: object) => expect(event).toBe('no event') };
      shareLedger(env, new StoreLedger(async () => over(nginx.url), NO_SIGNATURES, false, context as never));
      return env;
    };
    await expectSharedEntries(ledger('one'), ledger('two'));
  });
});

describe('a server that lists in another form, or not at all', () => {
  let server: Server;
  let answer: { status: number; body: string };
  beforeEach(async () => {
    server = createServer((_, response) => response.writeHead(answer.status).end(answer.body)).listen(
      0,
      '127.0.0.1',
    );
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterEach(() => server.close());

  it.each([
    [403, 'forbidden', 'STORE_REFUSED', /lists its folders neither as JSON nor by PROPFIND/],
    [
      200,
      '<html><a href="x">x</a></html>',
      'STORE_REFUSED',
      /lists its folders neither as JSON nor by PROPFIND/,
    ],
    [200, '{"children":[]}', 'STORE_REFUSED', /lists its folders neither as JSON nor by PROPFIND/],
    [401, '', 'STORE_REFUSED', /401/],
    [503, '', 'STORE_UNREACHABLE', /503/],
  ])('%i %j is a fault with a hint', async (status, body, code, message) => {
    answer = { status, body };
    const files = over(`http://127.0.0.1:${(server.address() as AddressInfo).port}/store`).list();
    await expect(files[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('an empty store is one without folders', async () => {
    answer = { status: 404, body: '' };
    const files = over(`http://127.0.0.1:${(server.address() as AddressInfo).port}/store`).list();
    expect(await files[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });
});

it('names in a listing that lead out, or are not ours, are left out', () => {
  const mtime = 'Sun, 29 Nov 2026 10:20:00 GMT';
  const named = (name: string) => parseListing(JSON.stringify([{ name, type: 'file', mtime, size: 3 }]));
  for (const name of ['..', '.', 'a/b', '../x', 'a b', 'a%2fb', '', 'x\n', '?q', '.hidden'])
    expect(named(name)).toEqual([]);
  expect(named(`${'a'.repeat(64)}.json`)).toEqual([
    { name: `${'a'.repeat(64)}.json`, folder: false, size: 3, changedMs: Date.parse(mtime) },
  ]);
  fc.assert(
    fc.property(fc.anything(), (value) => {
      for (const entry of parseListing(JSON.stringify(value) ?? '') ?? [])
        expect(entry.name).toMatch(/^[\w-][\w.-]*$/);
    }),
  );
});
