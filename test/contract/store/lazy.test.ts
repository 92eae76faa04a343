import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { webStore } from '../../../pipeline/store/server/web.ts';
import { Builder } from './builders.ts';
import { Nginx } from './nginx.ts';

// A host that takes everything from the store, as the one that uploads: requests and bytes are those of nginx' log.

const { signal } = new AbortController();
const ROOT = randomBytes(6 << 20);
const ARTIFACT = randomBytes(2 << 20);
let home: string;
let nginx: Nginx;

const builder = (name: string) => {
  const one = new Builder(join(home, name), async () =>
    webStore(nginx.url, { signal, authorization: null, caCert: null }),
  );
  one.large = true;
  one.trees.build = { 'root.tar': { bytes: ROOT }, 'console.log': { bytes: Buffer.from('booted\n') } };
  one.trees.pack = {
    'img.tar.gz': { bytes: ARTIFACT },
    'facts.json': { bytes: Buffer.from('{"facts":true}') },
  };
  return one;
};
const root = (one: Builder) => join(one.imageDir, 'build/root.tar');
const bytesOf = () => nginx.requests().reduce((sum, { bytes }) => sum + bytes, 0);
const rootKey = () =>
  nginx.requests().find(({ method, bytes }) => method === 'GET' && bytes === ROOT.length)?.key;

beforeAll(async () => {
  nginx = await new Nginx().start();
});
afterAll(() => nginx.remove());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'store-lazy-'));
  for (const name of ['records', 'blobs']) await rm(join(nginx.root, name), { recursive: true, force: true });
  const one = builder('one');
  await one.run();
  expect(one.warnings).toEqual([]);
  nginx.requests();
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('a host that takes a packed build', () => {
  it('fetches the artifact and what belongs to it, not the root', async () => {
    const two = builder('two');
    expect(await two.run()).toEqual(['iso']);
    expect(two.warnings).toEqual([]);
    const requests = nginx.requests();
    const bytes = requests.reduce((sum, one) => sum + one.bytes, 0);
    expect(bytes).toBeGreaterThan(ARTIFACT.length);
    expect(bytes).toBeLessThan(ARTIFACT.length + (64 << 10));
    // Three records, and the four files that are not the root.
    expect(requests.map(({ method }) => method)).toEqual(Array.from({ length: 7 }, () => 'GET'));
    expect(existsSync(root(two))).toBe(false);
    expect(await readFile(join(two.imageDir, 'build/console.log'), 'utf8')).toBe('booted\n');
    expect((await readFile(join(two.imageDir, 'pack/img.tar.gz'))).equals(ARTIFACT)).toBe(true);
  });

  it('asks the store nothing when it runs again, also where the store is away', async () => {
    const two = builder('two');
    await two.run();
    nginx.requests();
    expect(await two.run()).toEqual([]);
    expect(nginx.requests()).toEqual([]);
    await nginx.stop();
    try {
      expect(await two.run()).toEqual([]);
      expect(two.warnings).toEqual([]);
      expect((await two.plan()).every(({ runs }) => !runs)).toBe(true);
    } finally {
      await nginx.start();
    }
  });

  it('fetches the root, once, when a stage has to read it', async () => {
    const two = builder('two');
    await two.run();
    nginx.requests();
    two.knobs = { pack: 'another compression' };
    expect(await two.run()).toEqual(['pack']);
    expect(two.warnings).toEqual([]);
    expect((await readFile(root(two))).equals(ROOT)).toBe(true);
    expect(bytesOf()).toBeGreaterThan(ROOT.length);
    two.knobs = { pack: 'one more' };
    expect(await two.run()).toEqual(['pack']);
    expect(bytesOf()).toBeLessThan(64 << 10);
  });

  it('fetches the root with the build where nobody has packed it', async () => {
    const two = builder('two');
    two.knobs = { pack: 'another compression' };
    expect(await two.run()).toEqual(['iso', 'pack']);
    expect((await readFile(root(two))).equals(ROOT)).toBe(true);
  });
});

describe('a root that was left in a store', () => {
  it.each<[string, (path: string) => Promise<unknown>]>([
    ['has lost it', (path) => rm(path)],
    ['has another file in its place', (path) => writeFile(path, randomBytes(ROOT.length))],
  ])('that %s is built when it is needed, not before', async (_, spoil) => {
    const reader = builder('reader');
    reader.knobs = { pack: 'to learn its key' };
    await reader.run({ until: 'pack' });
    await spoil(join(nginx.root, rootKey() as string));
    const two = builder('two');
    expect(await two.run()).toEqual(['iso']);
    expect(two.warnings).toEqual([]);
    two.knobs = { pack: 'another compression' };
    expect(await two.run()).toEqual(['build', 'pack']);
    expect(two.warnings).toEqual([expect.stringContaining('has a bad entry, which is not used: blobs/')]);
    // Its build took the place of the bad file.
    const three = builder('three');
    three.knobs = { pack: 'a third one' };
    expect(await three.run()).toEqual(['iso', 'pack']);
  });

  it('that is away is built, or is missing where others build', async () => {
    const two = builder('two');
    await two.run();
    two.knobs = { pack: 'another compression' };
    await nginx.stop();
    try {
      await expect(two.run({ elsewhere: 'build' })).rejects.toMatchObject({ code: 'BUILD_MISSING' });
      expect(await two.run()).toEqual(['build', 'pack']);
      expect(two.events.filter((event) => event.type === 'stage-start')).toMatchObject([
        { stage: 'build', reason: 'its output is neither here nor in the store any more' },
        { stage: 'pack' },
      ]);
    } finally {
      await nginx.start();
    }
  });

  it('is not half there after a transfer that was interrupted', async () => {
    const two = builder('two');
    two.knobs = { pack: 'reads the root' };
    const stop = new AbortController();
    two.signal = stop.signal;
    const running = two.run();
    const watch = setInterval(() => {
      if (existsSync(join(two.imageDir, 'build.fetched'))) stop.abort();
    }, 1);
    await running.catch(() => {});
    clearInterval(watch);
    const again = builder('two');
    await again.run();
    expect(existsSync(root(again))).toBe(false);
    expect(again.warnings).toEqual([]);
  });
});
