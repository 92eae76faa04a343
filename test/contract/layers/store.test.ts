import { spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  beginLayer,
  findLayer,
  finishLayer,
  listLayers,
  removeLayer,
  removeLeftOver,
  unfinished,
} from '../../../pipeline/install/namespace/layer-store.ts';

const KEY = 'a'.repeat(64);
const MOST = 1 << 20;
const { signal } = new AbortController();
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'layers-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const layers = () => readdirSync(join(cache, 'layers')).sort();
const file = (name: string, key = KEY) => join(cache, 'layers', key, name);

/** A layer as an installation keeps one. */
async function keep(key = KEY, content = 'root', most = MOST) {
  const folder = await beginLayer(cache, key);
  writeFileSync(join(folder, 'root.tar'), content);
  return finishLayer(folder, most, signal);
}

async function find(key = KEY) {
  const problems: string[] = [];
  const found = await findLayer(cache, key, (problem) => problems.push(problem), signal);
  return { found, problems };
}

describe('a layer', () => {
  it('is found by its fingerprint alone, with nothing of the making left', async () => {
    expect(await find()).toEqual({ found: undefined, problems: [] });
    expect(await keep()).toEqual({ bytes: 4 });
    expect(await find()).toEqual({ found: join(cache, 'layers', KEY), problems: [] });
    expect((await find('b'.repeat(64))).found).toBeUndefined();
    expect(readdirSync(join(cache, 'layers', KEY)).sort()).toEqual(['layer.json', 'root.tar']);
  });

  it('has no name before it is whole', async () => {
    const folder = await beginLayer(cache, KEY);
    writeFileSync(join(folder, 'root.tar'), 'half');
    expect((await find()).found).toBeUndefined();
    expect(await listLayers(cache)).toEqual([]);
    expect(await unfinished(cache)).toEqual([{ folder, leftOver: false }]);
  });

  it.each([
    ['cut off', () => truncateSync(file('root.tar'), 2), /2 of 4 bytes/],
    ['of other bytes', () => writeFileSync(file('root.tar'), 'toor'), /has been changed/],
    ['empty', () => rmSync(file('root.tar')), /cannot be read/],
    ['without a record', () => rmSync(file('layer.json')), /record is missing/],
    ['with half a record', () => writeFileSync(file('layer.json'), '{"key":'), /record is missing, damaged/],
    [
      'of another version',
      () => writeFileSync(file('layer.json'), '{"layer":2}'),
      /record is missing, damaged/,
    ],
    [
      'of another key',
      () =>
        writeFileSync(
          file('layer.json'),
          readFileSync(file('layer.json'), 'utf8').replace(KEY, 'b'.repeat(64)),
        ),
      /of another layer/,
    ],
    [
      'a link to a file elsewhere',
      () => {
        writeFileSync(join(cache, 'elsewhere'), 'root');
        rmSync(file('root.tar'));
        symlinkSync(join(cache, 'elsewhere'), file('root.tar'));
      },
      /is not a file/,
    ],
    [
      'a folder in the place of the tar',
      () => {
        rmSync(file('root.tar'));
        mkdirSync(file('root.tar'));
      },
      /is not a file/,
    ],
  ])('that is %s is none, and goes', async (_, damage, problem) => {
    await keep();
    damage();
    expect(await find()).toEqual({ found: undefined, problems: [expect.stringMatching(problem)] });
    expect(layers()).toEqual([]);
    if (existsSync(join(cache, 'elsewhere')))
      expect(readFileSync(join(cache, 'elsewhere'), 'utf8')).toBe('root');
    expect(await keep()).toEqual({ bytes: 4 });
  });

  it('is read anew after a restart of the host, whose disk may have lost it', async () => {
    await keep();
    const record = JSON.parse(readFileSync(file('layer.json'), 'utf8'));
    const { ctimeNs } = statSync(file('root.tar'), { bigint: true });
    expect(record.seen.endsWith(`:${ctimeNs}`)).toBe(true);
    const [boot] = record.seen.split(':');
    expect(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')).toBe(`${boot}\n`);
    // As if the content had been lost with its times in place.
    const lost = { ...record, seen: record.seen.replace(boot, 'another'), sha256: 'b'.repeat(64) };
    writeFileSync(file('layer.json'), JSON.stringify(lost));
    expect((await find()).problems).toEqual(['its root.tar has been changed']);
    await keep();
    writeFileSync(file('layer.json'), JSON.stringify({ ...record, seen: 'another' }));
    expect((await find()).found).toBeDefined();
    expect(JSON.parse(readFileSync(file('layer.json'), 'utf8')).seen).toMatch(`${boot}:`);
  });

  it('that is a link to a folder is none; what it leads to stays', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
    writeFileSync(join(elsewhere, 'root.tar'), 'kept');
    mkdirSync(join(cache, 'layers'));
    symlinkSync(elsewhere, join(cache, 'layers', KEY));
    expect((await find()).problems).toEqual(['it is not a folder']);
    expect(layers()).toEqual([]);
    expect(readFileSync(join(elsewhere, 'root.tar'), 'utf8')).toBe('kept');
    rmSync(elsewhere, { recursive: true });
  });

  it('is removed with links in it, but not what they lead to', async () => {
    await keep();
    writeFileSync(join(cache, 'outside'), 'kept');
    symlinkSync('../../outside', file('link'));
    symlinkSync('..', file('up'));
    await removeLayer(join(cache, 'layers', KEY));
    expect(layers()).toEqual([]);
    expect(readFileSync(join(cache, 'outside'), 'utf8')).toBe('kept');
  });
});

describe('room for layers', () => {
  const key = (n: number) => String(n).repeat(64);
  const used = (n: number, at: number) => utimesSync(file('layer.json', key(n)), at, at);

  it('is made by the one that was used longest ago', async () => {
    await keep(key(1), '1'.repeat(100), 1000);
    await keep(key(2), '2'.repeat(100), 1000);
    used(1, 1000);
    used(2, 2000);
    // Being found is being used.
    expect((await find(key(1))).found).toBeDefined();
    expect(await keep(key(3), '3'.repeat(100), 250)).toEqual({ bytes: 100 });
    expect(layers()).toEqual([key(1), key(3)]);
  });

  it('is not made for one that is larger than all of it', async () => {
    await keep(key(1), '1'.repeat(100), 1000);
    expect(await keep(key(2), '2'.repeat(300), 250)).toEqual({
      notKept: expect.stringContaining('cache_layers'),
    });
    expect(layers()).toEqual([key(1)]);
  });
});

describe('a layer that is being made', () => {
  it('is the first that two builds finish', async () => {
    const [one, two] = await Promise.all([beginLayer(cache, KEY), beginLayer(cache, KEY)]);
    writeFileSync(join(one, 'root.tar'), 'one');
    writeFileSync(join(two, 'root.tar'), 'two');
    const results = await Promise.all([finishLayer(one, MOST, signal), finishLayer(two, MOST, signal)]);
    expect(results.filter((result) => 'bytes' in result)).toHaveLength(1);
    expect(results).toContainEqual({ notKept: 'another build has kept it already' });
    expect(layers()).toEqual([KEY]);
    expect((await find()).found).toBeDefined();
  });

  it('leaves nothing where the installation kept none, whatever the reason', async () => {
    const one = await beginLayer(cache, KEY);
    expect(await finishLayer(one, MOST, signal)).toEqual({
      notKept: 'the installation did not get that far',
    });
    const two = await beginLayer(cache, KEY);
    writeFileSync(join(two, 'not-kept'), 'the disk of the cache has only 3 KiB free\n');
    expect(await finishLayer(two, MOST, signal)).toEqual({
      notKept: 'the disk of the cache has only 3 KiB free',
    });
    expect(layers()).toEqual([]);
  });

  it('leaves nothing after an interruption', async () => {
    const folder = await beginLayer(cache, KEY);
    writeFileSync(join(folder, 'root.tar'), 'root');
    await expect(finishLayer(folder, MOST, AbortSignal.abort())).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    expect(layers()).toEqual([]);
  });

  it('goes when its build was killed', async () => {
    const left = await beginLayer(cache, KEY);
    const child = spawn('true');
    await new Promise((done) => child.on('close', done));
    const maker = JSON.parse(readFileSync(join(left, 'maker.json'), 'utf8'));
    writeFileSync(join(left, 'maker.json'), JSON.stringify({ ...maker, pid: child.pid, start: '1' }));
    expect(await unfinished(cache)).toEqual([{ folder: left, leftOver: true }]);
    const living = await beginLayer(cache, KEY);
    await removeLeftOver(cache);
    expect(layers()).toEqual([living.split('/').at(-1)]);
  });

  it('of another host stays for a day', async () => {
    const left = await beginLayer(cache, KEY);
    const maker = JSON.parse(readFileSync(join(left, 'maker.json'), 'utf8'));
    writeFileSync(join(left, 'maker.json'), JSON.stringify({ ...maker, host: 'another' }));
    await removeLeftOver(cache);
    expect(lstatSync(left).isDirectory()).toBe(true);
    const before = Date.now() / 1000 - 25 * 3600;
    utimesSync(left, before, before);
    await removeLeftOver(cache);
    expect(existsSync(left)).toBe(false);
  });
});
