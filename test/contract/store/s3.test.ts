import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, request as send } from 'node:http';
import { connect, createServer as createPlain, type Server as Plain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import aws4 from 'aws4';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreLedger } from '../../../pipeline/store/ledger.ts';
import { type S3Options, s3Store } from '../../../pipeline/store/s3/s3.ts';
import { signatureOf } from '../../../pipeline/store/s3/sign.ts';
import { webStore } from '../../../pipeline/store/server/web.ts';
import { contentOf, type Store } from '../../../pipeline/store/store.ts';
import { NO_SIGNATURES } from '../../../pipeline/store/trust.ts';
import { shareLedger } from '../../../pipeline/workspace/ledger/shared.ts';
import { Host } from '../cli/host.ts';
import { Builder, treeOf } from './builders.ts';
import { Ceph } from './ceph.ts';
import { expectSharedEntries } from './shared-ledger.ts';

// The server is the gateway of Debian's Ceph, 16.2.15.

const ALL = ['iso', 'render', 'build', 'pack'];
const { signal } = new AbortController();
const ceph = new Ceph();
let bucket: string;
let home: string;
const servers: (Server | Plain)[] = [];

/** A request to the server beside the store's own. */
async function ask(method: string, path: string): Promise<Response> {
  const url = new URL(path, ceph.endpoint);
  const headers = signatureOf({ method, url, headers: {}, sha256: undefined }, ceph.keys, 'us-east-1');
  return fetch(url, { method, headers });
}

const options = (part: Partial<S3Options> = {}): S3Options => ({
  ...{ signal, caCert: null, endpoint: ceph.endpoint, region: 'us-east-1', pathStyle: null, keys: ceph.keys },
  ...part,
});
const place = () => `s3://${bucket}/builders/dgx`;
const store = (part: Partial<S3Options> = {}): Store => s3Store(place(), options(part));
const open = (part?: Partial<S3Options>) => async () => store(part);
const builder = (name: string, part?: Partial<S3Options>) => new Builder(join(home, name), open(part));

async function keysIn(one: Store, below?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of one.list(below)) found.push(key);
  return found.sort();
}

beforeAll(() => ceph.start(), 300_000);
afterAll(() => ceph.remove());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'store-s3-'));
  bucket = `b-${randomBytes(6).toString('hex')}`;
  expect((await ask('PUT', `/${bucket}`)).status).toBe(200);
});
afterEach(async () => {
  for (const one of servers.splice(0)) one.close();
  await rm(home, { recursive: true, force: true });
});

async function listening(server: Server | Plain): Promise<string> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** A way to the server that ends each connection after so many bytes in each direction. */
async function cutting({ up = Number.POSITIVE_INFINITY, down = Number.POSITIVE_INFINITY }): Promise<string> {
  const target = Number(new URL(ceph.endpoint).port);
  return listening(
    createPlain((client) => {
      const upstream = connect(target, '127.0.0.1');
      const end = () => {
        client.destroy();
        upstream.destroy();
      };
      let [sent, got] = [0, 0];
      client.on('data', (part) => {
        upstream.write(part);
        sent += part.length;
        if (sent > up) end();
      });
      upstream.on('data', (part: Buffer) => {
        client.write(part.subarray(0, Math.max(0, down - got)), () => got > down && end());
        got += part.length;
      });
      for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    }),
  );
}

describe('a store in S3', () => {
  it('is used by two builders as a folder is', async () => {
    const one = builder('one');
    one.trees.build = { 'root.tar': { bytes: randomBytes(5 << 20), mode: 0o600 } };
    one.trees.render = {
      'packer/build.sh': { bytes: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
      empty: { bytes: Buffer.alloc(0) },
    };
    expect(await one.run()).toEqual(ALL);
    expect(one.warnings).toEqual([]);
    const two = builder('two');
    expect(await two.run()).toEqual(['iso']);
    expect(two.warnings).toEqual([]);
    for (const stage of ['render', 'build', 'pack'])
      expect(await treeOf(join(two.imageDir, stage))).toEqual(await treeOf(join(one.imageDir, stage)));
    const keys = await keysIn(store());
    expect(keys.filter((key) => key.startsWith('records/'))).toHaveLength(3);
    expect(keys).not.toContainEqual(expect.stringContaining('partial/'));
    // Everything lies below the prefix.
    const all = await (await ask('GET', `/${bucket}/?list-type=2`)).text();
    expect([...all.matchAll(/<Key>([^<]*)/g)].every(([, key]) => key?.startsWith('builders/dgx/'))).toBe(
      true,
    );
  });

  it('keeps the first of two files, and replaces one where that is asked for', async () => {
    const one = store();
    const of = (text: string) => contentOf(Buffer.from(text));
    const read = async () => {
      const found = await one.read('records/build/x.json', 0);
      const parts: Buffer[] = [];
      for await (const part of found?.bytes ?? []) parts.push(part);
      return Buffer.concat(parts).toString();
    };
    expect(await one.size('records/build/x.json')).toBeUndefined();
    expect(await one.read('records/build/x.json', 0)).toBeUndefined();
    expect(await one.put('records/build/x.json', of('first'), false)).toBe('put');
    expect(await one.put('records/build/x.json', of('second'), false)).toBe('there');
    expect(await read()).toBe('first');
    expect(await one.put('records/build/x.json', of('third'), true)).toBe('put');
    expect(await read()).toBe('third');
    expect(await one.size('records/build/x.json')).toBe(5);
    await one.remove('records/build/x.json');
    await one.remove('records/build/x.json');
    expect(await keysIn(one)).toEqual([]);
  });

  it('takes no bytes that differ from the digest they are sent with', async () => {
    const wrong = { ...contentOf(Buffer.from('these bytes')), sha256: 'a'.repeat(64) };
    await expect(store().put('blobs/aa/x', wrong, false)).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining('XAmzContentSHA256Mismatch'),
    });
    expect(await keysIn(store())).toEqual([]);
  });

  it('two builders that put at the same time leave whole entries', async () => {
    const tree = { 'root.tar': { bytes: randomBytes(2 << 20) } };
    const builders = ['one', 'two', 'three'].map((name) => {
      const one = builder(name);
      one.trees.build = tree;
      return one;
    });
    await Promise.all(builders.map((one) => one.run()));
    const last = builder('last');
    expect(await last.run()).toEqual(['iso']);
    expect([...builders, last].flatMap(({ warnings }) => warnings)).toEqual([]);
  });

  it('lists more files than a page has', async () => {
    const one = store();
    const digests = Array.from({ length: 1100 }, () => randomBytes(32).toString('hex'));
    for (let at = 0; at < digests.length; at += 50)
      await Promise.all(
        digests
          .slice(at, at + 50)
          .map((digest) =>
            one.put(`ledger/${digest.slice(0, 2)}/${digest}.json`, contentOf(Buffer.from('x')), false),
          ),
      );
    const keys = await keysIn(one, 'ledger');
    expect(keys).toEqual(digests.map((digest) => `ledger/${digest.slice(0, 2)}/${digest}.json`).sort());
  }, 120_000);

  it('lists no names of others below the same prefix', async () => {
    for (const key of [
      'records/of%20me',
      'records/a%0Ab',
      'records/%2E%2E/x',
      'records/a%3Cb',
      'notes',
      'records/build/ok.json',
    ])
      expect((await ask('PUT', `/${bucket}/builders/dgx/${key}`)).status).toBe(200);
    expect(await keysIn(store())).toEqual(['records/build/ok.json']);
  });
});

describe('a large file', () => {
  const PART = 5 << 20;
  const bytes = randomBytes(2 * PART + 12345);
  const large = () => ({ 'root.tar': { bytes } });

  it('goes in parts, and is seen when it is whole', async () => {
    const one = builder('one', { largestPut: PART });
    one.trees.build = large();
    await one.run();
    expect(one.warnings).toEqual([]);
    const two = builder('two');
    expect(await two.run()).toEqual(['iso']);
    expect((await readFile(join(two.imageDir, 'build/root.tar'))).equals(bytes)).toBe(true);
    expect(await (await ask('GET', `/${bucket}/?uploads`)).text()).not.toContain('<UploadId>');
  });

  it('sends a part again whose connection breaks off, and no other', async () => {
    const endpoint = await cutting({ up: 7 << 20 });
    const sent: number[] = [];
    const one = store({ endpoint, largestPut: PART });
    const file = contentOf(bytes);
    async function* parts() {
      for (let at = 0; at < bytes.length; at += 1 << 20) {
        sent.push(at);
        yield bytes.subarray(at, at + (1 << 20));
      }
    }
    expect(await one.put('blobs/aa/large', { ...file, bytes: parts() }, false)).toBe('put');
    expect(new Set(sent).size).toBe(sent.length);
    expect(await store().size('blobs/aa/large')).toBe(bytes.length);
  });

  it('that changes meanwhile, or fails, leaves no part behind', async () => {
    async function* failing() {
      yield bytes.subarray(0, PART);
      yield bytes.subarray(0, PART);
      throw new Error('changed');
    }
    const one = store({ largestPut: PART });
    await expect(one.put('blobs/aa/large', { ...contentOf(bytes), bytes: failing() }, false)).rejects.toThrow(
      'changed',
    );
    expect(await keysIn(one)).toEqual([]);
    expect(await (await ask('GET', `/${bucket}/?uploads`)).text()).not.toContain('<UploadId>');
  });
});

describe('a fault of S3', () => {
  it('a transfer that is cut is continued with a range', async () => {
    const one = builder('one');
    const bytes = randomBytes(3 << 20);
    one.trees.build = { 'root.tar': { bytes } };
    await one.run();
    const two = builder('two', { endpoint: await cutting({ down: 1 << 20 }) });
    expect(await two.run()).toEqual(['iso']);
    expect(two.warnings).toEqual([]);
    expect((await readFile(join(two.imageDir, 'build/root.tar'))).equals(bytes)).toBe(true);
  });

  it.each([
    ['truncated', Buffer.from('x')],
    ['poisoned', Buffer.from('evil')],
    ['longer', Buffer.from('longer than it was')],
    ['gone', null],
  ])('a file that is %s is a miss with a warning, and is mended', async (_, bytes) => {
    const one = builder('one');
    await one.run();
    const blob = (await keysIn(store(), 'blobs'))[0] as string;
    if (bytes) await store().put(blob, contentOf(bytes), true);
    else await store().remove(blob);
    const two = builder('two');
    expect(await two.run({ until: 'build' })).toEqual(['iso', 'render']);
    expect(two.warnings).toEqual([expect.stringContaining(`has a bad entry, which is not used: ${blob}`)]);
    expect(await builder('three').run({ until: 'build' })).toEqual(['iso']);
  });

  it.each<[string, (part: Partial<S3Options>) => Partial<S3Options>, string, RegExp, RegExp]>([
    [
      'a wrong secret',
      () => ({ keys: { ...ceph.keys, secretAccessKey: 'wrong' } }),
      'STORE_REFUSED',
      /403 SignatureDoesNotMatch/,
      /secret/,
    ],
    [
      'an unknown key',
      () => ({ keys: { ...ceph.keys, accessKeyId: 'UNKNOWN' } }),
      'STORE_REFUSED',
      /403 InvalidAccessKeyId/,
      /access key/,
    ],
    [
      'a server that is away',
      () => ({ endpoint: 'http://127.0.0.1:1' }),
      'STORE_UNREACHABLE',
      /\(http:\/\/127\.0\.0\.1:1\) cannot be reached \(ECONNREFUSED\)/,
      /^$/,
    ],
  ])('%s is named with a hint', async (_, part, code, message, hint) => {
    const one = store(part({}));
    const fault = await one.read('records/build/x.json', 0).catch((error) => error);
    expect(fault).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(fault.hint ?? '').toMatch(hint);
    const run = new Builder(join(home, 'run'), async () => one);
    expect(await run.run()).toEqual(ALL);
    expect(run.warnings).toHaveLength(1);
  });

  it('a bucket that is not there is named, and is not an empty store', async () => {
    const one = s3Store('s3://no-such-bucket', options());
    // Each is awaited as it begins: a rejection that nobody waits for yet is an error of the run.
    for (const asking of [() => one.read('records/build/x.json', 0), () => keysIn(one)])
      await expect(asking()).rejects.toMatchObject({
        code: 'STORE_REFUSED',
        message: expect.stringContaining('404 NoSuchBucket'),
        hint: 'Create the bucket, or correct `store.place`.',
      });
  });

  it('a user without rights is named', async () => {
    const keys = {
      accessKeyId: `OTHER${bucket}`,
      secretAccessKey: 'a secret of another',
      sessionToken: null,
    };
    await ceph.admin(
      'user',
      'create',
      '--uid',
      bucket,
      '--display-name',
      'x',
      '--access-key',
      keys.accessKeyId,
      '--secret',
      keys.secretAccessKey,
    );
    await expect(store({ keys }).read('records/build/x.json', 0)).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining('403 AccessDenied'),
      hint: expect.stringContaining('s3:ListBucket'),
    });
  });

  it.each([
    [-20, /The clock of this host is 20 minutes behind that of the server/],
    [200, /The clock of this host is 200 minutes ahead of that of the server/],
  ])('a clock that is %i minutes off is named', async (minutes, hint) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * 60_000 });
    try {
      await expect(store().read('records/build/x.json', 0)).rejects.toMatchObject({
        code: 'STORE_REFUSED',
        message: expect.stringContaining('403 RequestTimeTooSkewed'),
        hint: expect.stringMatching(hint),
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it('a server that asks for patience (503 SlowDown) is asked again', async () => {
    let busy = 2;
    const target = new URL(ceph.endpoint);
    const endpoint = await listening(
      createServer((request, response) => {
        if (request.method !== 'HEAD' && request.url?.includes('/blobs/') && busy > 0) {
          busy -= 1;
          request.resume();
          response.writeHead(503, { 'content-type': 'application/xml' });
          response.end('<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce</Message></Error>');
          return;
        }
        // The signature is that of the host that was asked.
        const { method, url: path, headers } = request;
        const onward = send(target, { method, path, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        });
        request.pipe(onward);
      }),
    );
    const one = builder('one', { endpoint });
    expect(await one.run()).toEqual(ALL);
    expect(one.warnings).toEqual([]);
    expect(busy).toBe(0);
  });

  it('a gateway that goes away and comes back costs one run its store, and the next one has it', async () => {
    await builder('one').run();
    await ceph.stopGateway();
    const two = builder('two');
    expect(await two.run()).toEqual(ALL);
    expect(two.warnings).toHaveLength(1);
    await ceph.startGateway();
    expect(await builder('three').run()).toEqual(['iso']);
  }, 180_000);
});

describe('the commands', () => {
  let host: Host;
  beforeEach(() => {
    host = new Host({
      ...{ DGXOS_MAAS_STORE: place(), AWS_ENDPOINT_URL_S3: ceph.endpoint, AWS_REGION: 'us-east-1' },
      ...{ AWS_ACCESS_KEY_ID: ceph.keys.accessKeyId, AWS_SECRET_ACCESS_KEY: ceph.keys.secretAccessKey },
    });
  });
  afterEach(() => host.remove());

  it('list, verify and clean up, with keys of the environment that appear nowhere', async () => {
    await builder('one').run();
    expect((await host.run(['--json', 'store', 'list'])).json).toMatchObject({
      ...{ ok: true, place: place(), results: { length: 3 }, bad: [] },
    });
    const blob = (await keysIn(store(), 'blobs'))[0] as string;
    await store().put(blob, contentOf(Buffer.from('x')), true);
    expect((await host.run(['--json', 'store', 'verify'])).code).toBe(6);
    expect((await host.run(['--json', 'store', 'verify', '--remove'])).code).toBe(0);
    expect(await keysIn(store())).not.toContain(blob);
    expect((await host.run(['--json', 'store', 'gc', '--keep-bytes', '1K'])).code).toBe(0);
    expect((await host.run(['--json', '--verbose', 'store', 'list'])).json.results).toEqual([]);
    const doctor = await host.run(['--json', 'doctor']);
    expect(doctor.stdout).toContain(`${place()} (readable and writable)`);
    expect(`${host.said}${doctor.stderr}`).not.toContain(ceph.keys.secretAccessKey);
  }, 120_000);

  it('take keys of the configuration, whose secret is in a file, in place of those of the environment', async () => {
    await builder('one').run();
    writeFileSync(join(host.dir, 'secret'), `${ceph.keys.secretAccessKey}\n`, { mode: 0o600 });
    writeFileSync(
      join(host.dir, 'dgxos-maas.yaml'),
      `store:
  place: s3://${bucket}/builders/dgx/
  user: ${ceph.keys.accessKeyId}
  token: { file: secret }
  s3: { endpoint: "${ceph.endpoint}/", region: us-east-1, path_style: true }
images: { demo: { release: demo, version: '1', platform: demo1, iso: { source: x.iso, sha256: "${'0'.repeat(64)}" } } }
`,
    );
    const env = {
      DGXOS_MAAS_STORE: '',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
      AWS_SECRET_ACCESS_KEY: 'no',
    };
    const ran = await host.run(['--json', 'store', 'list'], { env });
    expect(ran.json).toMatchObject({ ok: true, results: { length: 3 } });
  });

  it.each([
    [{ AWS_SECRET_ACCESS_KEY: '' }, 3, 'CONFIG_INVALID', /needs an access key and its secret/],
    [{ AWS_ENDPOINT_URL_S3: 'minio:9000' }, 3, 'CONFIG_INVALID', /AWS_ENDPOINT_URL_S3 cannot be used/],
    [{ AWS_REGION: 'a b' }, 3, 'CONFIG_INVALID', /AWS_REGION cannot be used/],
    [{ DGXOS_MAAS_STORE: 's3://x/../y' }, 3, 'CONFIG_INVALID', /s3:\/\/bucket\/prefix/],
    [{ DGXOS_MAAS_STORE: 's3://bucket?acl' }, 3, 'CONFIG_INVALID', /s3:\/\/bucket\/prefix/],
    [{ AWS_SECRET_ACCESS_KEY: 'other' }, 4, 'STORE_REFUSED', /SignatureDoesNotMatch/],
  ])('%j ends with exit code %i', async (env, code, name, message) => {
    const ran = await host.run(['--json', 'store', 'list'], { env });
    expect(ran.code).toBe(code);
    expect(ran.json.error).toMatchObject({ code: name });
    expect(JSON.stringify(ran.json.error)).toMatch(message);
  });
});

it('the ledger of all builders is in it', async () => {
  const ledger = (name: string) => {
    const env = { XDG_STATE_HOME: join(home, name) };
    const context = { env, signal, emit: (event: object) => expect(event).toBe('no event') };
    shareLedger(env, new StoreLedger(open(), NO_SIGNATURES, false, context as never));
    return env;
  };
  await expectSharedEntries(ledger('one'), ledger('two'));
});

describe('a gateway that takes a token and answers with presigned URLs', () => {
  /** Its requests: a body may come with the first, and must come with the second. */
  const gateway = (asked: string[]) =>
    createServer((request, response) => {
      asked.push(`${request.method} ${request.headers.authorization}`);
      request.resume();
      if (request.headers.authorization !== 'Bearer token-of-the-job') return response.writeHead(401).end();
      const signed = aws4.sign(
        {
          ...{ service: 's3', region: 'us-east-1', signQuery: true, method: request.method ?? 'GET' },
          ...{ host: new URL(ceph.endpoint).host, path: `/${bucket}${request.url}?X-Amz-Expires=300` },
        },
        ceph.keys as never,
      );
      return response.writeHead(307, { location: `${ceph.endpoint}${signed.path}` }).end();
    });

  it('is a store like any other, and the token goes to no other server', async () => {
    const asked: string[] = [];
    const url = await listening(gateway(asked));
    const over = async () =>
      webStore(`${url}/cache`, { signal, caCert: null, authorization: 'Bearer token-of-the-job' });
    const bytes = randomBytes(3 << 20);
    const one = new Builder(join(home, 'one'), over);
    one.trees.build = { 'root.tar': { bytes } };
    expect(await one.run()).toEqual(ALL);
    expect(one.warnings).toEqual([]);
    const two = new Builder(join(home, 'two'), over);
    expect(await two.run()).toEqual(['iso']);
    expect(two.warnings).toEqual([]);
    expect((await readFile(join(two.imageDir, 'build/root.tar'))).equals(bytes)).toBe(true);
    expect(asked).toContain('PUT Bearer token-of-the-job');
    expect(asked).toContain('HEAD Bearer token-of-the-job');
    const blob = (await keysIn(s3Store(`s3://${bucket}/cache`, options()), 'blobs'))[0] as string;
    await (await over()).remove(blob);
    expect(await (await over()).size(blob)).toBeUndefined();
  });
});
