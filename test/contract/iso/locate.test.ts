import { createHash, randomBytes } from 'node:crypto';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { locateIso } from '../../../pipeline/install/iso/locate.ts';
import { FlakyServer } from './flaky-server.ts';
import { makeIso, writeTree } from './make-iso.ts';

let dir: string;
let events: Event[];
let server: FlakyServer;
let base: string;
const content = randomBytes(600_000);
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const context = (extra = {}) => ({
  cacheDir: join(dir, 'cache'),
  emit: (event: Event) => void events.push(event),
  retryMs: 5,
  stallMs: 300,
  ...extra,
});
const partOf = (bytes: Buffer) => join(dir, 'cache', 'isos', sha(bytes).slice(0, 16), 'os.iso.part');
const hashed = () => events.some((event) => event.type === 'progress' && event.label.startsWith('Verifying'));

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'iso-locate-'));
  events = [];
  server = new FlakyServer(content);
  base = await server.start();
});
afterEach(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

test('a path: hashed once, remembered until the file changes', async () => {
  const path = join(dir, 'a.iso');
  await writeFile(path, content);
  const iso = { source: path, sha256: sha(content).toUpperCase() };
  expect(await locateIso(iso, context())).toEqual({ path, size: content.length, sha256: sha(content) });
  expect(hashed()).toBe(true);
  events = [];
  await locateIso({ ...iso, source: pathToFileURL(path).href }, context());
  expect(hashed()).toBe(false);

  // One byte changed, size and mtime as before: the ctime shows it.
  const { atime, mtime } = await stat(path);
  const file = await open(path, 'r+');
  await file.write(Buffer.from([content[0]! ^ 1]), 0, 1, 0);
  await file.close();
  await utimes(path, atime, mtime);
  await expect(locateIso(iso, context())).rejects.toMatchObject({
    code: 'ISO_CHECKSUM',
    detail: expect.stringContaining(`expected ${sha(content)}\nfound    `),
  });
});

test('a broken memory of sums is no more than forgotten', async () => {
  const path = join(dir, 'a.iso');
  await writeFile(path, content);
  const iso = { source: path, sha256: sha(content) };
  await locateIso(iso, context());
  const [memory] = await readdir(join(dir, 'cache', 'sums'));
  await writeFile(join(dir, 'cache', 'sums', memory!), '{"identity":');
  events = [];
  await locateIso(iso, context());
  expect(hashed()).toBe(true);
});

test('missing: the absolute path, and what lies beside it', async () => {
  await writeFile(join(dir, 'DGXOS-5.0.0.iso'), '');
  await expect(
    locateIso({ source: join(dir, 'dgxos.iso'), sha256: sha(content) }, context()),
  ).rejects.toMatchObject({
    code: 'ISO_NOT_FOUND',
    message: `The ISO ${join(dir, 'dgxos.iso')} does not exist`,
    hint: `ISO files in that folder: ${join(dir, 'DGXOS-5.0.0.iso')}.`,
  });
  await expect(locateIso({ source: dir, sha256: sha(content) }, context())).rejects.toMatchObject({
    code: 'ISO_NOT_FOUND',
    message: `The ISO ${dir} is not a file`,
  });
});

test('cut off: says how many bytes are missing', async () => {
  await writeTree(join(dir, 'tree'), { 'a.bin': content });
  const path = await makeIso(join(dir, 'tree'), join(dir, 'cut.iso'));
  const whole = await readFile(path);
  await truncate(path, whole.length - 300_000);
  await expect(locateIso({ source: path, sha256: sha(whole) }, context())).rejects.toMatchObject({
    code: 'ISO_TRUNCATED',
    message: expect.stringContaining('300000 of its'),
  });
});

test('a download breaks, the server is busy, the download goes on where it stopped', async () => {
  server.faults = ['429', 'cut', '500', 'reset', 'stall'];
  const iso = { source: `${base}/x/os.iso?sig=1`, sha256: sha(content) };
  const found = await locateIso(iso, context());
  expect(await readFile(found.path)).toEqual(content);
  expect(server.requests.map((r) => r.range)).toEqual([
    undefined,
    undefined,
    'bytes=300000-',
    'bytes=300000-',
    'bytes=300000-',
    'bytes=450000-',
  ]);
  expect(server.requests.at(-1)?.ifRange).toBe('"one"');
  const files = await readdir(join(found.path, '..'));
  expect(files).toEqual(['os.iso']);

  events = [];
  expect(await locateIso(iso, context())).toEqual(found);
  expect(server.requests).toHaveLength(6);
  expect(hashed()).toBe(false);
});

test('an interrupted download is continued by the next run', async () => {
  const iso = { source: `${base}/os.iso`, sha256: sha(content) };
  const abort = new AbortController();
  server.faults = ['stall'];
  const interrupted = locateIso(iso, context({ signal: abort.signal, stallMs: 60_000 }));
  const size = () =>
    stat(partOf(content)).then(
      (facts) => facts.size,
      () => 0,
    );
  while ((await size()) < 300_000) await sleep(5);
  abort.abort();
  await expect(interrupted).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(await size()).toBe(300_000);
  await locateIso(iso, context());
  expect(server.requests.map((r) => r.status)).toEqual([200, 206]);
});

test.each([
  [
    'has no ranges',
    (s: FlakyServer) => {
      s.ranges = false;
    },
  ],
  [
    'has another file by now',
    (s: FlakyServer) => {
      s.etag = '"two"';
    },
  ],
])('a server that %s: from the start', async (_, change) => {
  const iso = { source: `${base}/os.iso`, sha256: sha(content) };
  server.content = Buffer.concat([randomBytes(1000), content]);
  server.faults = ['cut', '404'];
  await expect(locateIso(iso, context())).rejects.toMatchObject({ code: 'ISO_NOT_FOUND' });
  server.content = content;
  change(server);
  const found = await locateIso(iso, context());
  expect(await readFile(found.path)).toEqual(content);
  expect(server.requests.at(-1)?.status).toBe(200);
});

test('a resumed download with a wrong sum is tried once more from the start; a fresh one is refused', async () => {
  server.etag = null;
  await mkdir(join(partOf(content), '..'), { recursive: true });
  await writeFile(partOf(content), Buffer.alloc(1000));
  const found = await locateIso({ source: `${base}/os.iso`, sha256: sha(content) }, context());
  expect(await readFile(found.path)).toEqual(content);
  expect(server.requests.map((r) => r.range)).toEqual(['bytes=1000-', undefined]);

  const wrong = { source: `${base}/os.iso`, sha256: '0'.repeat(64) };
  await expect(locateIso(wrong, context())).rejects.toMatchObject({
    code: 'ISO_CHECKSUM',
    message: `What ${base}/os.iso sent does not have the expected sha256`,
  });
  expect(await readdir(join(dir, 'cache', 'isos', '0'.repeat(16)))).toEqual([]);
});

test.each([
  [null, undefined],
  ['Sat, 28 Nov 2026 10:00:00 GMT', 'Sat, 28 Nov 2026 10:00:00 GMT'],
])(
  'a weak ETag is not a reason to download all again: If-Range is Last-Modified (%s)',
  async (date, sent) => {
    server.etag = 'W/"one"';
    server.lastModified = date;
    server.faults = ['cut'];
    const found = await locateIso({ source: `${base}/os.iso`, sha256: sha(content) }, context());
    expect(await readFile(found.path)).toEqual(content);
    expect(server.requests).toMatchObject([
      { status: 200 },
      { status: 206, range: expect.stringMatching(/^bytes=\d+-$/) },
    ]);
    expect(server.requests[1]?.ifRange).toBe(sent);
  },
);

test.each([-100_000, 1])(
  'a part that begins %d bytes elsewhere is not taken, however often it comes',
  async (by) => {
    server.shifted = { by, times: 2 };
    server.faults = ['cut'];
    const iso = { source: `${base}/os.iso`, sha256: sha(content) };
    expect(await readFile((await locateIso(iso, context())).path)).toEqual(content);
    const said = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
    expect(said).toContainEqual(expect.stringContaining('the server sent a different part'));
    expect(said.filter((text) => text.includes('wrong sha256'))).toEqual([]);
  },
);

const wrongSums = () =>
  events.filter((event) => event.type === 'notice' && event.message.includes('wrong sha256'));

test('another state of the file is not joined to the first, though a proxy ignores If-Range', async () => {
  server.mindsIfRange = false;
  server.content = Buffer.concat([randomBytes(1000), content]);
  server.faults = ['cut', '404'];
  const iso = { source: `${base}/os.iso`, sha256: sha(content) };
  await expect(locateIso(iso, context())).rejects.toMatchObject({ code: 'ISO_NOT_FOUND' });
  server.content = content;
  server.etag = '"two"';
  expect(await readFile((await locateIso(iso, context())).path)).toEqual(content);
  expect(JSON.stringify(events)).toContain('the file on the server has changed');
  expect(wrongSums()).toEqual([]);
});

test('a server that sends fewer bytes at once than were asked for is asked for the next ones', async () => {
  server.most = 100_000;
  server.faults = ['cut'];
  const iso = { source: `${base}/os.iso`, sha256: sha(content) };
  expect(await readFile((await locateIso(iso, context())).path)).toEqual(content);
  expect(server.requests.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(wrongSums()).toEqual([]);
});

test('a file that does not fit on the disk is refused before a byte of it is written', async () => {
  server.claimed = 2 ** 50;
  const iso = { source: `${base}/os.iso`, sha256: sha(content) };
  await expect(locateIso(iso, context())).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringContaining(`needs ${2 ** 50} more bytes`),
  });
  expect(server.requests).toHaveLength(1);
  await expect(stat(partOf(content))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a damaged file of the cache is downloaded anew', async () => {
  const iso = { source: `${base}/os.iso`, sha256: sha(content) };
  const { path } = await locateIso(iso, context());
  await writeFile(path, 'damage');
  await locateIso(iso, context());
  expect(await readFile(path)).toEqual(content);
});

test('gives up after attempts without any advance, and refuses at once what will not change', async () => {
  const iso = { source: `${base}/os.iso`, sha256: sha(content) };
  server.faults = Array(20).fill('500');
  await expect(locateIso(iso, context({ retryMs: 1 }))).rejects.toMatchObject({
    code: 'ISO_DOWNLOAD',
    exitCode: 75,
  });
  expect(server.requests).toHaveLength(8);
  server.faults = ['401'];
  const secret = { source: base.replace('//', '//jo:hunter22hunter@').concat('/os.iso'), sha256: iso.sha256 };
  const refused = await locateIso(secret, context()).catch((error) => error);
  expect(refused.code).toBe('NO_PERMISSION');
  expect(JSON.stringify([refused, refused.stack, events])).not.toContain('hunter22');
  expect(server.requests.at(-1)?.authorization).toMatch(/^Basic /);
});

test('two runs at once download it once', async () => {
  server.faults = ['cut', 'cut'];
  const iso = { source: `${base}/os.iso`, sha256: sha(content) };
  const [a, b] = await Promise.all([locateIso(iso, context()), locateIso(iso, context())]);
  expect(a).toEqual(b);
  expect(server.requests.map((r) => r.status)).toEqual([200, 206, 206]);
  expect(events).toContainEqual(expect.objectContaining({ type: 'activity' }));
});
