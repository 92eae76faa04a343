import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EphemeralSource, MirrorEphemeral } from '../../../pipeline/config/settings/ephemeral.ts';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { fetchEphemeral, offeredEphemeral } from '../../../pipeline/maas/rehearse/ephemeral-source.ts';
import { keptByRehearsals } from '../../../pipeline/maas/rehearse/kept.ts';
import type { OfferedEphemeral } from '../../../pipeline/maas/rehearse/offered.ts';
import { Keys } from '../archive/keys.ts';
import {
  bytesOf,
  JAMMY,
  type Products,
  type Published,
  products,
  publish,
  sha256,
  VERSIONS,
} from './mirror.ts';

// Every signature is made by gpg and judged by gpgv (2.2.40 of Debian 12).

let dir: string;
let keys: Keys;
let keyring: string;
let server: Server;
let url: string;
let cache: string;
let events: Event[];
let asked: string[];
/** Answers in place of the files, by the ends of their paths. */
let instead: [end: string, answer: (response: ServerResponse, bytes: Buffer) => void][];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mirror-'));
  keys = await Keys.make();
  for (const name of ['canonical', 'foreign']) await keys.add(name);
  await keys.add('expired', { at: '20200101T000000', expires: '30d' });
  keyring = await keys.export(['canonical', 'expired'], join(dir, 'keyring.gpg'));
  await publish(join(dir, 'signed'), { signed: { keys, by: 'canonical' } });
  await publish(join(dir, 'plain'));
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://127.0.0.1');
    asked.push(pathname);
    const path = join(dir, decodeURIComponent(pathname));
    const bytes = existsSync(path) ? readFileSync(path) : null;
    const other = instead.find(([end]) => pathname.endsWith(end));
    if (other) return other[1](response, bytes ?? Buffer.alloc(0));
    if (bytes === null) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 120_000);

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await keys.remove();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(() => {
  cache = mkdtempSync(join(dir, 'cache-'));
  events = [];
  asked = [];
  instead = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const mirror = (more: Partial<MirrorEphemeral> = {}): MirrorEphemeral => ({
  ...{ from: 'mirror', mirror: `${url}/signed`, keyring, series: null, subarch: null, version: null },
  ...more,
});
const work = (signal = new AbortController().signal) => ({
  config: { cache, targets: {}, file: null },
  env: {},
  emit: (event: Event) => void events.push(event),
  signal,
});
const offered = (source: EphemeralSource, baseImage = 'ubuntu/jammy') =>
  offeredEphemeral(source, baseImage, work()) as Promise<OfferedEphemeral>;
const fetched = async (source: EphemeralSource, baseImage?: string) =>
  fetchEphemeral(await offered(source, baseImage), { ...work(), cache });
const left = () => readdirSync(join(cache, 'ephemerals')).filter((name) => name.includes('partial'));
const warnings = () => events.filter((event) => event.type === 'notice' && event.level === 'warning');

/** A mirror of its own. */
async function mirrorOf(published: Published): Promise<MirrorEphemeral> {
  const folder = mkdtempSync(join(dir, 'of-test-'));
  await publish(folder, published);
  return mirror({
    mirror: `${url}/${folder.split('/').at(-1)}`,
    ...(published.signed ? {} : { keyring: 'none' }),
  });
}
const changed = (change: (list: Products) => void): Products => {
  const list = products();
  change(list);
  return list;
};
const newest = (list: Products) => list.products[JAMMY].versions['20260801.10'].items;

async function refusal(work: Promise<unknown>): Promise<{ code: string; said: string }> {
  const error = await work.then(
    () => null,
    (one: unknown) => one,
  );
  if (!(error instanceof Fault)) throw new Error('it was not refused', { cause: error });
  return { code: error.code, said: [error.message, error.detail, error.hint].join('\n') };
}

describe('a signed mirror', () => {
  test('gives the newest version for the general kernel of the base image, verified', async () => {
    const found = await offered(mirror());
    const fingerprints = await keys.fingerprints('canonical');
    expect(found.name).toBe(
      `ubuntu/jammy amd64/ga-22.04 20260801.10 of ${url}/signed, signed by ${fingerprints[0]}`,
    );
    const ephemeral = await fetchEphemeral(found, { ...work(), cache });
    expect(ephemeral).toMatchObject({ kind: 'mirror', name: found.name, disk: null });
    const folder = 'jammy/amd64/20260801.10';
    expect(readFileSync(ephemeral.kernel)).toEqual(bytesOf(`${folder}/ga-22.04/boot-kernel`));
    expect(readFileSync(ephemeral.initrd)).toEqual(bytesOf(`${folder}/ga-22.04/boot-initrd`));
    expect(readFileSync(ephemeral.squashfs!)).toEqual(bytesOf(`${folder}/squashfs`));
    expect(left()).toEqual([]);
    expect(warnings()).toEqual([]);
  });

  test('fetches each file once; prune --cache deletes them all', async () => {
    const first = await fetched(mirror());
    asked = [];
    expect(await fetched(mirror())).toEqual(first);
    expect(asked.every((path) => path.includes('/streams/v1/'))).toBe(true);
    // The squashfs is the same for each kernel.
    asked = [];
    await fetched(mirror({ subarch: 'hwe-22.04' }));
    expect(asked.filter((path) => !path.includes('/streams/'))).toEqual([
      '/signed/jammy/amd64/20260801.10/hwe-22.04/boot-kernel',
      '/signed/jammy/amd64/20260801.10/hwe-22.04/boot-initrd',
    ]);
    const kept = await keptByRehearsals(cache);
    expect(kept.map((path) => path.split('/').at(-1)).sort()).toEqual(
      readdirSync(join(cache, 'ephemerals')).sort(),
    );
  });

  test('is not asked again for a version that is pinned and in the cache', async () => {
    const pinned = mirror({ version: VERSIONS[0] });
    const first = await fetched(pinned);
    expect(readFileSync(first.kernel)).toEqual(bytesOf('jammy/amd64/20260801/ga-22.04/boot-kernel'));
    asked = [];
    expect(await fetched(pinned)).toEqual(first);
    expect(asked).toEqual([]);
  });

  test('a damaged file in the cache is fetched again', async () => {
    const first = await fetched(mirror());
    appendFileSync(first.initrd, 'damage');
    asked = [];
    const again = await fetched(mirror());
    expect(asked.filter((path) => path.endsWith('boot-initrd'))).toHaveLength(1);
    expect(sha256(readFileSync(again.initrd))).toBe(
      sha256(bytesOf('jammy/amd64/20260801.10/ga-22.04/boot-initrd')),
    );
  });

  test.each<[string, Partial<MirrorEphemeral>, string, string]>([
    ['another series', { series: 'focal' }, 'ubuntu/jammy', 'ubuntu/focal amd64/ga-20.04 20260801.10'],
    ['the series of the base image', {}, 'ubuntu/focal', 'ubuntu/focal amd64/ga-20.04 20260801.10'],
    [
      'the flavour of a kernel',
      { subarch: 'ga-22.04-lowlatency' },
      'ubuntu/jammy',
      'ubuntu/jammy amd64/ga-22.04-lowlatency',
    ],
    [
      'a series for a base image of another system',
      { series: 'jammy' },
      'centos/centos70',
      'ubuntu/jammy amd64/ga-22.04',
    ],
  ])('%s', async (_, more, baseImage, name) => {
    expect((await offered(mirror(more), baseImage)).name).toContain(name);
  });

  test.each<[string, () => Partial<MirrorEphemeral>, string, RegExp]>([
    [
      'a series that it does not have',
      () => ({ series: 'noble' }),
      'EPHEMERAL_UNUSABLE',
      /ubuntu\/noble for amd64\/ga-NN\.04\n.*It has: ubuntu\/focal amd64\/ga-20\.04, .*ubuntu\/jammy amd64\/ga-22\.04/s,
    ],
    [
      'a kernel that it does not have',
      () => ({ subarch: 'hwe-24.04' }),
      'EPHEMERAL_UNUSABLE',
      /amd64\/hwe-24\.04\n.*It has:/s,
    ],
    [
      'a version that it does not have',
      () => ({ version: '20250101' }),
      'EPHEMERAL_UNUSABLE',
      /version 20250101 of ubuntu\/jammy amd64\/ga-22\.04\n.*It has: 20260801\.10, 20260801\.2, 20260801\./s,
    ],
    [
      'no mirror at the URL',
      () => ({ mirror: `${url}/nothing` }),
      'EPHEMERAL_UNUSABLE',
      /no streams\/v1\/index\.sjson in .*\/nothing\n.*keyring: none/s,
    ],
    [
      'a mirror without signatures',
      () => ({ mirror: `${url}/plain` }),
      'EPHEMERAL_UNUSABLE',
      /no streams\/v1\/index\.sjson/,
    ],
    [
      'a server that does not answer',
      () => ({ mirror: 'http://127.0.0.1:1' }),
      'DOWNLOAD_FAILED',
      /ECONNREFUSED|refused/,
    ],
    [
      'a keyring that is not there',
      () => ({ keyring: '/nowhere.gpg' }),
      'SUMS_UNTRUSTED',
      /\/nowhere\.gpg does not exist/,
    ],
    [
      'a keyring without keys',
      () => ({ keyring: join(dir, 'signed/streams/v1/index.json') }),
      'SUMS_UNTRUSTED',
      /holds no OpenPGP keys\n.*rehearsal\.ephemeral\.keyring/s,
    ],
  ])(
    '%s is refused, and leaves nothing',
    async (_, more, code, said) => {
      const found = await refusal(fetched(mirror(more())));
      expect(found.said).toMatch(said);
      expect(found.code).toBe(code);
      expect(left()).toEqual([]);
    },
    30_000,
  );

  test('the keyring of another key is refused', async () => {
    const other = await keys.export(['foreign'], join(dir, 'other.gpg'));
    const { code, said } = await refusal(fetched(mirror({ keyring: other })));
    expect(code).toBe('SUMS_UNTRUSTED');
    expect(said).toMatch(/not in the keyring/);
  });

  test.each<[string, (folder: string) => Promise<void> | void, RegExp]>([
    [
      'a changed index',
      (folder) => edit(folder, 'index', '"streams/v1/com', '"streams/v2/com'),
      /not made of this/,
    ],
    [
      'a changed list',
      (folder) => edit(folder, 'com.ubuntu.maas:stable:v3:download', 'jammy/amd64', 'jammy/evil6'),
      /not made of this/,
    ],
    [
      'an unsigned text in its place',
      (folder) => writeFileSync(file(folder, 'index'), '{"index":{}}'),
      /no OpenPGP signature/,
    ],
    [
      'a second text behind the first',
      async (folder) => {
        writeFileSync(join(folder, 'evil'), '{"index":{}}');
        await keys.clearSign('foreign', join(folder, 'evil'), join(folder, 'evil.asc'));
        appendFileSync(file(folder, 'index'), readFileSync(join(folder, 'evil.asc')));
      },
      /more follows what is signed/,
    ],
  ])('%s is refused', async (_, tamper, said) => {
    const source = await mirrorOf({ signed: { keys, by: 'canonical' } });
    await tamper(join(dir, source.mirror.split('/').at(-1)!));
    const found = await refusal(fetched(source));
    expect(found.code).toBe('SUMS_UNTRUSTED');
    expect(found.said).toMatch(said);
  });

  test('text around what is signed counts for nothing', async () => {
    const source = await mirrorOf({ signed: { keys, by: 'canonical' } });
    const path = file(join(dir, source.mirror.split('/').at(-1)!), 'index');
    writeFileSync(path, `{"index":{}}\n${readFileSync(path, 'utf8')}{"index":{}}\n`);
    expect((await offered(source)).name).toContain('ubuntu/jammy');
  });

  test('a list that its index names without a signature is refused', async () => {
    const source = await mirrorOf({
      signed: { keys, by: 'canonical' },
      index(index) {
        for (const one of Object.values<Products>(index.index))
          one.path = one.path.replace('.sjson', '.json');
      },
    });
    expect(await refusal(fetched(source))).toMatchObject({
      code: 'EPHEMERAL_UNUSABLE',
      said: expect.stringContaining('which is not signed'),
    });
  });
});

const file = (folder: string, name: string) => join(folder, 'streams/v1', `${name}.sjson`);
function edit(folder: string, name: string, from: string, to: string): void {
  const text = readFileSync(file(folder, name), 'utf8');
  if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
  writeFileSync(file(folder, name), text.replace(from, to));
}

describe('a mirror without a signature', () => {
  test('is taken where none is asked for, and says so', async () => {
    const { name } = await fetched(mirror({ mirror: `${url}/plain`, keyring: 'none' }));
    expect(name).toMatch(/, not signed$/);
    // Loopback is nobody else's.
    expect(warnings()).toEqual([]);
  });

  test('by plain HTTP from another host it is taken with a warning', async () => {
    vi.stubEnv('http_proxy', url);
    vi.stubEnv('no_proxy', '');
    const found = await offered(mirror({ mirror: 'http://mirror.invalid/plain', keyring: 'none' }));
    expect(found.files.kernel.url).toBe(
      'http://mirror.invalid/plain/jammy/amd64/20260801.10/ga-22.04/boot-kernel',
    );
    expect(warnings()).toEqual([
      expect.objectContaining({ message: expect.stringContaining('is not signed, and comes by http') }),
    ]);
  });

  test.each<[string, (list: Products) => void, RegExp]>([
    [
      'a path from the root',
      (list) => {
        newest(list).squashfs.path = '/etc/passwd';
      },
      /outside of it/,
    ],
    [
      'a path upwards',
      (list) => {
        newest(list).squashfs.path = 'jammy/../../x';
      },
      /outside of it/,
    ],
    [
      'an escaped path upwards',
      (list) => {
        newest(list).squashfs.path = 'jammy/%2e%2e/%2e%2e/x';
      },
      /outside of it/,
    ],
    [
      'a path of another host',
      (list) => {
        newest(list)['boot-kernel'].path = 'http://other.example/kernel';
      },
      /outside of it/,
    ],
    [
      'a path of another host, without a scheme',
      (list) => {
        newest(list)['boot-kernel'].path = '//other.example/kernel';
      },
      /outside of it/,
    ],
    [
      'a path with a query',
      (list) => {
        newest(list)['boot-kernel'].path = 'kernel?x';
      },
      /outside of it/,
    ],
    [
      'a path with a line break',
      (list) => {
        newest(list)['boot-kernel'].path = 'kernel\r\nHost: x';
      },
      /outside of it/,
    ],
    [
      'no sum',
      (list) => {
        newest(list).squashfs.sha256 = undefined;
      },
      /without a SHA-256/,
    ],
    [
      'a sum of another kind',
      (list) => {
        newest(list).squashfs.sha256 = 'd41d8cd98f00b204e9800998ecf8427e';
      },
      /without a SHA-256/,
    ],
    [
      'no size',
      (list) => {
        newest(list).squashfs.size = undefined;
      },
      /without a size/,
    ],
    [
      'a size below nothing',
      (list) => {
        newest(list).squashfs.size = -1;
      },
      /without a size/,
    ],
    [
      'a part of a byte',
      (list) => {
        newest(list).squashfs.size = 1.5;
      },
      /without a size/,
    ],
    [
      'a size without end',
      (list) => {
        newest(list).squashfs.size = 2 ** 50;
      },
      /more than/,
    ],
    [
      'a list that is none',
      (list) => {
        list.products = [];
      },
      /not of simplestreams/,
    ],
    [
      'a product that is none',
      (list) => {
        list.products[JAMMY] = 7;
      },
      /not of simplestreams/,
    ],
  ])('%s is refused before anything is fetched', async (_, change, said) => {
    const source = await mirrorOf({ list: changed(change) });
    const found = await refusal(fetched(source));
    expect(found.code).toBe('EPHEMERAL_UNUSABLE');
    expect(found.said).toMatch(said);
    expect(asked.filter((path) => !path.includes('/streams/v1/'))).toEqual([]);
  });

  test.each<[string, Published, RegExp]>([
    ['no JSON', { list: '{"products":' }, /not JSON/],
    ['a page', { list: '<html>log in</html>' }, /not JSON/],
    [
      'a list outside of the mirror',
      {
        index: (index) => {
          Object.values<Products>(index.index)[1].path = '../../list.json';
        },
      },
      /outside of it/,
    ],
    [
      'more lists than anybody has',
      {
        index: (index) => {
          for (let at = 0; at < 40; at += 1) index.index[`l${at}`] = { path: `l${at}.json` };
        },
      },
      /names 41 lists/,
    ],
    [
      'nothing',
      {
        list: changed((list) => {
          list.products = {};
        }),
      },
      /It has nothing/,
    ],
  ])('an index with %s is refused', async (_, published, said) => {
    const found = await refusal(fetched(await mirrorOf(published)));
    expect(found.code).toBe('EPHEMERAL_UNUSABLE');
    expect(found.said).toMatch(said);
  });

  test('names that objects have from birth are names like others', async () => {
    const list = JSON.parse(JSON.stringify(products()).replaceAll('"jammy"', '"constructor"'));
    list.products.__proto__2 = list.products[JAMMY];
    const found = await offered(
      await mirrorOf({ list: JSON.stringify(list).replace('__proto__2', '__proto__') }),
      'ubuntu/constructor',
    );
    expect(found.name).toContain('ubuntu/constructor');
    expect((await refusal(offered(mirror({ series: 'toString' })))).code).toBe('EPHEMERAL_UNUSABLE');
  });

  test('a value that stands once holds for everything below; a size may be a text', async () => {
    const list = changed((all) => {
      all.os = 'ubuntu';
      all.arch = 'amd64';
      for (const product of Object.values<Products>(all.products)) {
        delete product.os;
        delete product.arch;
      }
      newest(all).squashfs.size = String(newest(all).squashfs.size);
      newest(all).squashfs.sha256 = newest(all).squashfs.sha256.toUpperCase();
    });
    expect((await fetched(await mirrorOf({ list }))).kind).toBe('mirror');
  });

  test('a version that is not whole is passed over; pinned, it is refused', async () => {
    const source = await mirrorOf({
      list: changed((list) => {
        delete newest(list).squashfs;
      }),
    });
    expect((await offered(source)).name).toContain('20260801.2 ');
    const found = await refusal(offered({ ...source, version: '20260801.10' }));
    expect(found.said).toMatch(
      /no version of ubuntu\/jammy amd64\/ga-22\.04 with boot-kernel, boot-initrd, squashfs/,
    );
  });

  test('a list that does not end is given up', async () => {
    instead = [
      [
        'download.json',
        (response) => {
          const block = Buffer.alloc(1 << 20, ' ');
          const more = () => {
            while (!response.destroyed && response.write(block));
          };
          response.on('drain', more);
          more();
        },
      ],
    ];
    const found = await refusal(fetched(mirror({ mirror: `${url}/plain`, keyring: 'none' })));
    expect(found).toMatchObject({
      code: 'DOWNLOAD_FAILED',
      said: expect.stringContaining('it has more than 33554432 bytes'),
    });
  });
});

describe('a file', () => {
  const SQUASHFS = '20260801.10/squashfs';
  const other = (answer: (response: ServerResponse, bytes: Buffer) => void) => {
    instead = [[SQUASHFS, answer]];
  };

  test.each<[string, (response: ServerResponse, bytes: Buffer) => void, string, RegExp]>([
    [
      'with other bytes',
      (response, bytes) => response.end(Buffer.alloc(bytes.length)),
      'SUMS_UNTRUSTED',
      /should have [0-9a-f]{64}/,
    ],
    [
      'that is longer than it should be',
      (response, bytes) => response.end(Buffer.concat([bytes, bytes])),
      'DOWNLOAD_FAILED',
      /bytes/,
    ],
    [
      'that is shorter, by its own account',
      (response, bytes) => response.writeHead(200, { 'content-length': 10 }).end(bytes.subarray(0, 10)),
      'DOWNLOAD_FAILED',
      /it has 10 bytes and should have \d+/,
    ],
    [
      'that is shorter, without an account',
      (response, bytes) => response.end(bytes.subarray(0, 10)),
      'DOWNLOAD_FAILED',
      /it has 10 bytes and should have \d+/,
    ],
    [
      'that is not there',
      (response) => response.writeHead(404).end(),
      'EPHEMERAL_UNUSABLE',
      /no http:.*squashfs, which its index names/,
    ],
    [
      'for which a password is asked',
      (response) => response.writeHead(401).end(),
      'DOWNLOAD_FAILED',
      /answered 401/,
    ],
    [
      'that leads from page to page',
      (response) => response.writeHead(302, { location: `/signed/jammy/amd64/${SQUASHFS}` }).end(),
      'DOWNLOAD_FAILED',
      /redirect/,
    ],
  ])('%s is refused, and has no name', async (_, answer, code, said) => {
    other(answer);
    const found = await refusal(fetched(mirror()));
    expect(found.code).toBe(code);
    expect(found.said).toMatch(said);
    expect(left()).toEqual([]);
    // Those that were whole are kept: the next rehearsal continues.
    asked = [];
    instead = [];
    await fetched(mirror());
    expect(asked.filter((path) => !path.includes('/streams/v1/'))).toEqual([
      `/signed/jammy/amd64/${SQUASHFS}`,
    ]);
  });

  test('that is cut off, or whose server is busy, is asked for again', async () => {
    let times = 0;
    other((response, bytes) => {
      times += 1;
      if (times === 1) return void response.writeHead(503).end();
      response.writeHead(200, { 'content-length': bytes.length });
      if (times === 2) return void response.write(bytes.subarray(0, 100), () => response.destroy());
      response.end(bytes);
    });
    const { squashfs } = await fetched(mirror());
    expect(sha256(readFileSync(squashfs!))).toBe(sha256(bytesOf('jammy/amd64/20260801.10/squashfs')));
    expect(times).toBe(3);
  }, 30_000);

  test('is not fetched when the command is interrupted, and leaves nothing', async () => {
    const found = await offered(mirror());
    const abort = new AbortController();
    other((response) => {
      response.writeHead(200);
      response.write('a part', () => abort.abort());
    });
    const broken = fetchEphemeral(found, { ...work(abort.signal), cache });
    expect((await refusal(broken)).code).toBe('INTERRUPTED');
    expect(left()).toEqual([]);
  });
});

test('the base image of another system needs a series', async () => {
  const found = await refusal(offered(mirror(), 'centos/centos70'));
  expect(found).toMatchObject({ code: 'EPHEMERAL_UNUSABLE', said: expect.stringContaining('series=jammy') });
});
