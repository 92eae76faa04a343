import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StoreConfig } from '../../../pipeline/config/types.ts';
import { redact } from '../../../pipeline/core/secrets/registry.ts';
import { openStore } from '../../../pipeline/store/open.ts';
import { webStore } from '../../../pipeline/store/server/web.ts';
import { Builder, keysOf, treeOf } from './builders.ts';
import { Nginx, type NginxOptions } from './nginx.ts';

// The server is Debian's nginx-light (1.22.1), whose DAV module answers 201 to a PUT of a new file and 204 to one that replaces.

const ALL = ['iso', 'render', 'build', 'pack'];
const { signal } = new AbortController();
let home: string;
let nginx: Nginx;
const started: Nginx[] = [];
const servers: Server[] = [];

async function server(options: NginxOptions): Promise<Nginx> {
  const one = await new Nginx(options).start();
  started.push(one);
  return one;
}

const at = (url: string, options: { authorization?: string; caCert?: string; stallMs?: number } = {}) => {
  return async () => webStore(url, { signal, authorization: null, caCert: null, ...options });
};

beforeAll(async () => {
  nginx = await new Nginx().start();
});
afterAll(() => nginx.remove());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'store-http-'));
  await rm(join(nginx.root, 'records'), { recursive: true, force: true });
  await rm(join(nginx.root, 'blobs'), { recursive: true, force: true });
});
afterEach(async () => {
  for (const one of started.splice(0)) await one.remove();
  for (const one of servers.splice(0)) one.close();
  await rm(home, { recursive: true, force: true });
});

/** A way to the server that ends each connection after so many bytes of answers. */
async function cutting(bytes: number): Promise<string> {
  const target = Number(new URL(nginx.url).port);
  const proxy = createServer((client) => {
    let left = bytes;
    const upstream = connect(target, '127.0.0.1');
    client.on('error', () => {}).pipe(upstream);
    upstream.on('error', () => {});
    upstream.on('data', (part: Buffer) => {
      client.write(part.subarray(0, Math.max(0, left)));
      left -= part.length;
      if (left <= 0) {
        client.end();
        upstream.destroy();
      }
    });
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  servers.push(proxy);
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(proxy.address() as { port: number }).port}/store`;
}

describe('a store behind nginx', () => {
  it('is used by two builders as a folder is', async () => {
    const one = new Builder(join(home, 'one'), at(nginx.url));
    one.trees.build = { 'root.tar': { bytes: randomBytes(5 << 20), mode: 0o600 } };
    one.trees.render = {
      'packer/build.sh': { bytes: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
      empty: { bytes: Buffer.alloc(0) },
    };
    expect(await one.run()).toEqual(ALL);
    expect(one.warnings).toEqual([]);
    const two = new Builder(join(home, 'two'), at(`${nginx.url}/`));
    expect(await two.run()).toEqual(['iso']);
    expect(two.warnings).toEqual([]);
    for (const stage of ['render', 'build', 'pack'])
      expect(await treeOf(join(two.imageDir, stage))).toEqual(await treeOf(join(one.imageDir, stage)));
    expect((await keysOf(nginx.root)).filter((key) => key.startsWith('records/'))).toHaveLength(3);
  });

  it('continues a transfer that is cut, with a range, and tries again what it puts', async () => {
    const one = new Builder(join(home, 'one'), at(nginx.url));
    const bytes = randomBytes(3 << 20);
    one.trees.build = { 'root.tar': { bytes } };
    await one.run();
    const two = new Builder(join(home, 'two'), at(await cutting(1 << 20)));
    expect(await two.run()).toEqual(['iso']);
    expect(two.warnings).toEqual([]);
    expect((await readFile(join(two.imageDir, 'build/root.tar'))).equals(bytes)).toBe(true);
  });

  it('that is damaged is a miss with a warning, and is mended', async () => {
    const one = new Builder(join(home, 'one'), at(nginx.url));
    await one.run();
    for (const spoil of [
      (path: string) => truncate(path, 2),
      (path: string) => writeFile(path, 'xxxx'),
      (path: string) => writeFile(path, 'longer than it was'),
      (path: string) => rm(path),
    ]) {
      const blob = (await keysOf(nginx.root)).find((key) => key.startsWith('blobs/')) as string;
      await spoil(join(nginx.root, blob));
      const two = new Builder(join(home, 'two'), at(nginx.url));
      expect(await two.run({ until: 'build' })).toEqual(['iso', 'render']);
      expect(two.warnings).toEqual([expect.stringContaining('has a bad entry, which is not used: blobs/')]);
      await rm(two.workspace, { recursive: true });
      expect(await two.run({ until: 'build' })).toEqual(['iso']);
      await rm(two.workspace, { recursive: true });
    }
  });

  it('that is away, or goes away, costs one warning and little time', async () => {
    const one = new Builder(join(home, 'one'), at('http://127.0.0.1:1/store'));
    expect(await one.run()).toEqual(ALL);
    expect(one.warnings).toEqual([
      'The store is not used any more in this run: http://127.0.0.1:1/store cannot be reached (ECONNREFUSED)',
    ]);
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    servers.push(silent);
    await new Promise((done) => silent.once('listening', done));
    const { port } = silent.address() as { port: number };
    const two = new Builder(join(home, 'two'), at(`http://127.0.0.1:${port}/store`, { stallMs: 300 }));
    expect(await two.run()).toEqual(ALL);
    expect(two.warnings).toHaveLength(1);
  });

  it.each([
    ['PUT is not allowed', { methods: 'off' }, /405 Not Allowed for putting/],
    ['a body may have a kilobyte', { largest: '1k' }, /413/],
  ])('names the reason once where %s', async (_, options, message) => {
    const other = await server(options);
    const one = new Builder(join(home, 'one'), at(other.url));
    one.trees.render = { big: { bytes: randomBytes(4096) } };
    expect(await one.run()).toEqual(ALL);
    expect(one.warnings).toHaveLength(1);
    expect(one.warnings[0]).toMatch(message);
  });

  it('gets user and password, or a token, from the environment or a file, and shows neither', async () => {
    const config = (part: Partial<StoreConfig>): StoreConfig => ({
      ...{
        place: null,
        user: null,
        caCert: null,
        readOnly: false,
        s3: { endpoint: null, region: null, pathStyle: null },
        signing: { keyFile: null, publicKeys: [] },
      },
      token: { from: 'environment', variable: 'DGXOS_MAAS_STORE_TOKEN' },
      ...part,
    });
    const password = 'a long password';
    const basic = await server({ password });
    const bearer = await server({ bearer: 'token-of-the-store' });
    const file = join(home, 'token');
    await writeFile(file, `${password}\n`);
    await chmod(file, 0o600);
    const ways: [Nginx, StoreConfig, NodeJS.ProcessEnv][] = [
      [basic, config({ user: 'builder' }), { DGXOS_MAAS_STORE_TOKEN: password }],
      [basic, config({ user: 'builder', token: { from: 'file', path: file } }), {}],
      [bearer, config({}), { DGXOS_MAAS_STORE_TOKEN: 'token-of-the-store' }],
    ];
    for (const [index, [where, part, env]] of ways.entries()) {
      const open = () => openStore(where.url, part, { env, signal });
      const one = new Builder(join(home, String(index)), open);
      await one.run();
      expect(one.warnings).toEqual([]);
      expect(redact(`x ${password} ${Buffer.from(`builder:${password}`).toString('base64')}`)).toBe(
        'x *** ***',
      );
    }
    const none = new Builder(join(home, 'none'), () => openStore(basic.url, config({}), { env: {}, signal }));
    expect(await none.run()).toEqual(ALL);
    expect(none.warnings).toEqual([expect.stringMatching(/the server answered 401/)]);
    const missing = new Builder(join(home, 'missing'), () =>
      openStore(basic.url, config({ token: { from: 'file', path: join(home, 'no') } }), { env: {}, signal }),
    );
    expect(await missing.run()).toEqual(ALL);
    expect(missing.warnings).toHaveLength(1);
  });

  it('by https takes the CA of the configuration, and no other', async () => {
    const [cert, key] = [join(home, 'cert.pem'), join(home, 'key.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=store'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1', '-out', cert, '-keyout', key],
      ],
      { stdio: 'ignore' },
    );
    const secure = await server({ tls: { cert, key } });
    const one = new Builder(join(home, 'one'), at(secure.url, { caCert: cert }));
    await one.run();
    expect(one.warnings).toEqual([]);
    const two = new Builder(join(home, 'two'), at(secure.url));
    expect(await two.run()).toEqual(ALL);
    expect(two.warnings).toEqual([expect.stringMatching(/not used any more.*certificate/)]);
  });

  it('two builders that put at the same time leave whole entries', async () => {
    const tree = { 'root.tar': { bytes: randomBytes(2 << 20) } };
    const builders = ['one', 'two', 'three'].map((name) => {
      const builder = new Builder(join(home, name), at(nginx.url));
      builder.trees.build = tree;
      return builder;
    });
    await Promise.all(builders.map((builder) => builder.run()));
    const last = new Builder(join(home, 'last'), at(nginx.url));
    expect(await last.run()).toEqual(['iso']);
    expect([...builders, last].flatMap(({ warnings }) => warnings)).toEqual([]);
    expect((await stat(join(last.imageDir, 'build/root.tar'))).size).toBe(2 << 20);
  });
});
