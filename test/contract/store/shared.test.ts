import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { lineOf } from '../../../pipeline/report/text/lines.ts';
import { Builder, keysOf, treeOf } from './builders.ts';

let home: string;
let store: string;
let one: Builder;
let two: Builder;

const ALL = ['iso', 'render', 'build', 'pack'];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'store-'));
  store = join(home, 'store');
  one = new Builder(join(home, 'one'), store);
  two = new Builder(join(home, 'two'), store);
  two.buildId = 'of another build';
});
afterEach(() => rm(home, { recursive: true, force: true }));

// biome-ignore lint/suspicious/noExplicitAny: a record to be spoilt
type Loose = Record<string, any>;

/** The record of a stage in the store, and its file. */
async function recordIn(stage: string): Promise<{ path: string; record: Loose }> {
  const key = (await keysOf(store)).find((name) => name.startsWith(`records/${stage}/`)) as string;
  const path = join(store, key);
  return { path, record: JSON.parse(await readFile(path, 'utf8')) };
}

async function blobOf(stage: string): Promise<string> {
  const { sha256 } = (await recordIn(stage)).record.files[0];
  return join(store, 'blobs', sha256.slice(0, 2), sha256);
}

describe('two builders with one store', () => {
  it('the second takes what the first has made, also after the loss of the first', async () => {
    one.trees.build = { 'root.tar': { bytes: Buffer.alloc(3 << 20, 'root') } };
    one.trees.render = {
      'packer/build.sh': { bytes: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
      'http/curtin.yaml': { bytes: Buffer.alloc(0), mode: 0o600 },
    };
    expect(await one.run()).toEqual(ALL);
    const made = await treeOf(one.imageDir);
    await rm(one.workspace, { recursive: true });

    const { outcomes, data } = await two.outcome();
    expect(two.ran).toEqual(['iso']);
    expect(outcomes).toMatchObject([
      { stage: 'iso', state: 'ran' },
      { stage: 'render', state: 'fresh', fromStore: true, seconds: 0 },
      { stage: 'build', state: 'fresh', fromStore: true },
      { stage: 'pack', state: 'fresh', fromStore: true },
    ]);
    expect(data.build).toEqual({ id: 'one', root: { path: join(two.imageDir, 'build/root.tar') } });
    for (const stage of ['render', 'build', 'pack'])
      expect(await treeOf(join(two.imageDir, stage))).toEqual(
        Object.fromEntries(
          Object.entries(made).flatMap(([path, what]) =>
            path.startsWith(`${stage}/`) ? [[path.slice(stage.length + 1), what]] : [],
          ),
        ),
      );
    expect(two.warnings).toEqual([]);
    expect(await two.run()).toEqual([]);
    expect(two.events.filter(({ type }) => type === 'stage-fresh')).not.toContainEqual(
      expect.objectContaining({ fromStore: true }),
    );
  });

  it('is said in the log, and by --dry-run, which fetches nothing', async () => {
    await one.run();
    await two.run({ until: 'iso' });
    expect(await two.plan()).toMatchObject([
      { stage: 'iso', runs: false, reason: 'fresh' },
      { stage: 'render', runs: false, reason: 'fresh, from the store', fromStore: true },
      { stage: 'build', runs: false, fromStore: true },
      { stage: 'pack', runs: false, fromStore: true },
    ]);
    expect(Object.keys(await treeOf(two.imageDir)).sort()).toEqual(['iso.json', 'iso/out']);
    await two.run();
    const fresh = two.events.filter(({ type }) => type === 'stage-fresh');
    expect(fresh.map((event) => lineOf(event, paint(false)))).toEqual([
      '· iso      fresh',
      '· render   fresh, from the store',
      '· build    fresh, from the store',
      '· pack     fresh, from the store',
    ]);
  });

  it('neither a medium nor a path of a builder is put', async () => {
    await one.run();
    const keys = await keysOf(store);
    expect(keys.filter((key) => key.startsWith('records/')).map((key) => key.split('/')[1])).toEqual([
      'build',
      'pack',
      'render',
    ]);
    for (const key of keys) expect(await readFile(join(store, key), 'utf8')).not.toContain(home);
  });

  it('a stage that --force or --from asks for runs, and its result takes the place of the earlier', async () => {
    await one.run();
    expect(await two.run({ force: 'build' })).toEqual(['iso', 'build', 'pack']);
    expect((await recordIn('build')).record.data.id).toBe('of another build');
    const three = new Builder(join(home, 'three'), store);
    expect(await three.run({ from: 'build' })).toEqual(['iso', 'build', 'pack']);
  });

  it('a build that was begun too long ago does not count, and the new one takes its place', async () => {
    await one.run();
    const outdated = { stage: 'build', before: Date.now() - 60_000, reason: 'too old' } as const;
    expect(await two.run({ outdated })).toEqual(['iso']);
    const three = new Builder(join(home, 'three'), store);
    three.buildId = 'new';
    expect(await three.run({ outdated: { ...outdated, before: Date.now() + 1000 } })).toEqual([
      ...['iso', 'build', 'pack'],
    ]);
    expect((await recordIn('build')).record.data.id).toBe('new');
  });

  it('a build here that was begun too long ago is replaced by a newer one of the store', async () => {
    await one.run();
    await two.run();
    const limit = Date.now() + 1;
    const outdated = { stage: 'build', before: limit, reason: 'too old' } as const;
    while (Date.now() <= limit + 5) await new Promise((resolve) => setTimeout(resolve, 2));
    one.buildId = 'new';
    expect(await one.run({ outdated })).toEqual(['build', 'pack']);
    expect(await two.run({ outdated })).toEqual([]);
    expect((await recordIn('build')).record.data.id).toBe('new');
  });

  it('the newest build counts where other builders build, and without one the run fails', async () => {
    const elsewhere = 'build' as const;
    await expect(two.run({ elsewhere })).rejects.toMatchObject({ code: 'BUILD_MISSING', exitCode: 75 });
    expect(two.ran).toEqual(['iso', 'render']);
    await one.run();
    expect(await two.run({ elsewhere })).toEqual([]);
    one.buildId = 'new';
    await one.run({ from: 'build' });
    expect(
      (await two.plan({ elsewhere })).filter(({ fromStore }) => fromStore).map(({ stage }) => stage),
    ).toEqual([...['build', 'pack']]);
    const { data } = await two.outcome({ elsewhere });
    expect(data.build).toMatchObject({ id: 'new' });
    // The build of this host is as new as that of the store: it stays.
    expect(await two.run({ elsewhere })).toEqual([]);
    expect(two.events.some((event) => event.type === 'stage-fresh' && 'fromStore' in event)).toBe(false);
  });

  it('a result that is there is kept by a builder that was as fast', async () => {
    await two.run({ until: 'iso' });
    await one.run({ until: 'build' });
    const { path } = await recordIn('build');
    const before = await readFile(path, 'utf8');
    // As if it had looked before the other was ready.
    await rename(path, `${path}.later`);
    const slow = two.run({ until: 'build' });
    await rename(`${path}.later`, path).catch(() => {});
    await slow;
    const after = JSON.parse(await readFile(path, 'utf8'));
    expect([JSON.parse(before).data.id, 'of another build']).toContain(after.data.id);
    expect(await keysOf(store)).not.toContainEqual(expect.stringContaining('partial/'));
  });

  it('with read_only nothing is put', async () => {
    const reader = new Builder(join(home, 'reader'), store, true);
    expect(await reader.run()).toEqual(ALL);
    expect(await keysOf(home).catch(() => [])).not.toContainEqual(expect.stringMatching(/^store\//));
    await one.run();
    expect(await new Builder(join(home, 'other'), store, true).run()).toEqual(['iso']);
  });
});

describe('a bad entry is a miss with a warning, and is mended by the next result', () => {
  const BAD = ['iso', 'build'];
  /** The damage to the store, the keys that the warning names, and the stages that run then. */
  const cases: [string, () => Promise<void>, RegExp][] = [
    [
      'a flipped bit in a blob',
      async () => {
        const blob = await blobOf('build');
        const bytes = await readFile(blob);
        bytes[1]! ^= 1;
        await writeFile(blob, bytes);
      },
      /blobs\/..\/[0-9a-f]{64}: it does not have its sha256/,
    ],
    ['a truncated blob', async () => truncate(await blobOf('build'), 2), /it has 2 bytes in place of 9/],
    [
      'a blob that is too long',
      async () => writeFile(await blobOf('build'), 'much too long'),
      /in place of 9/,
    ],
    ['a missing blob', async () => rm(await blobOf('build')), /blobs.*: it is not there/],
    [
      'a blob that is a link',
      async () => {
        const blob = await blobOf('build');
        await rename(blob, `${blob}.moved`);
        await symlink(`${blob}.moved`, blob);
      },
      /it is a symbolic link/,
    ],
    [
      'a folder of blobs that is a link',
      async () => {
        const folder = join(await blobOf('build'), '..');
        await rename(folder, `${folder}.moved`);
        await symlink(`${folder}.moved`, folder);
      },
      /its folder is a symbolic link/,
    ],
    [
      'a blob that is a folder',
      async () => {
        const blob = await blobOf('build');
        await rm(blob);
        await mkdir(blob);
      },
      /it is not a file/,
    ],
    ['a record that is cut', async () => truncate((await recordIn('build')).path, 100), /it is not JSON/],
    ['an empty record', async () => truncate((await recordIn('build')).path, 0), /it is not JSON/],
    [
      'a huge record',
      async () => truncate((await recordIn('build')).path, 1 << 30),
      /more than 16777216 bytes/,
    ],
    [
      'a record of another format',
      async () => change((record) => (record.format = 99)),
      /format must be equal to one of the allowed values/,
    ],
    ['of another stage', async () => change((record) => (record.stage = 'pack')), /it is of stage pack/],
    [
      'of another fingerprint',
      async () => change((record) => (record.fingerprint = 'a'.repeat(64))),
      /it has the fingerprint aaaa/,
    ],
    [
      'with other inputs',
      async () => change((record) => (record.inputs.knob = 'other')),
      /its inputs do not have its fingerprint/,
    ],
    ...[
      '../../etc/passwd',
      'build/../../x',
      '/etc/passwd',
      'pack/out',
      'build',
      'build/',
      'build//out',
      'build/./out',
      'build/a\nb',
      'build/\u001b[2J',
      'build.json',
    ].map((path): [string, () => Promise<void>, RegExp] => [
      `a file at ${JSON.stringify(path)}`,
      async () => change((record) => (record.files[0].path = path)),
      /is not below build\//,
    ]),
    [
      'data that lead out',
      async () => change((record) => (record.data.root.path = '../../../etc/shadow')),
      /root\.path is "\.\.\/\.\.\/\.\.\/etc\/shadow", which is not below build\//,
    ],
    [
      'data with an absolute path',
      async () => change((record) => (record.data.root.path = '/etc/shadow')),
      /root\.path is "\/etc\/shadow"/,
    ],
    [
      'a file twice',
      async () => change((record) => record.files.push(record.files[0])),
      /it has "build\/out" twice/,
    ],
    [
      'a set-uid file',
      async () => change((record) => (record.files[0].mode = 0o4755)),
      /impossible size or mode/,
    ],
    [
      'a size that is not a whole number',
      async () => change((record) => (record.files[0].size = 1.5)),
      /impossible size or mode/,
    ],
    [
      'a negative size',
      async () => change((record) => (record.files[0].size = -1)),
      /files\/0\/size must be >= 0/,
    ],
    [
      'a sum that is none',
      async () => change((record) => (record.files[0].sha256 = '../x')),
      /files\/0\/sha256/,
    ],
    ['no files at all', async () => change((record) => delete record.files), /files/],
    ['an array', async () => writeFile((await recordIn('build')).path, '[]'), /must be object/],
  ];

  async function change(how: (record: Loose) => unknown): Promise<void> {
    const { path, record } = await recordIn('build');
    how(record);
    await writeFile(path, JSON.stringify(record));
  }

  it.each(cases)('%s', async (_, spoil, problem) => {
    for (const builder of [one, two]) builder.trees.build = { out: { bytes: Buffer.from('the build') } };
    two.buildId = 'one';
    await one.run();
    await spoil();
    expect(await two.run()).toEqual(BAD);
    expect(two.warnings).toHaveLength(1);
    expect(two.warnings[0]).toMatch(problem);
    expect(two.warnings[0]).toMatch(/^The store \S+ has a bad entry, which is not used: /);
    expect(Object.keys(await treeOf(two.imageDir))).not.toContainEqual(expect.stringContaining('fetched'));

    const three = new Builder(join(home, 'three'), store);
    three.trees.build = { out: { bytes: Buffer.from('the build') } };
    // Anything but a file is left to the administrator.
    const mended = !/folder is|not a file/.test(problem.source);
    expect(await three.run()).toEqual(mended ? ['iso'] : BAD);
    expect(three.warnings).toHaveLength(mended ? 0 : 1);
  });

  it('is warned of once in a run, whether it is planned before or not', async () => {
    await one.run();
    await truncate((await recordIn('build')).path, 5);
    await two.run({ until: 'render' });
    await two.planAndRun();
    expect(two.ran).toEqual(['build', 'pack']);
    expect(two.warnings).toHaveLength(1);
  });
});

describe('a secret', () => {
  it.each([
    ['as it is', (secret: string) => secret],
    ['in base64', (secret: string) => Buffer.from(`user:${secret}`).toString('base64')],
    ['in hexadecimal', (secret: string) => Buffer.from(secret).toString('hex')],
    ['at the edge of two reads', (secret: string) => `${'x'.repeat((1 << 20) - 4)}${secret}`],
  ])('%s keeps a result out of the store, and the run goes on', async (_, written) => {
    const secret = 'correct horse battery';
    registerSecret(secret);
    one.trees.render = { 'http/a.yaml': { bytes: Buffer.from(written(secret)) } };
    expect(await one.run()).toEqual(ALL);
    expect(one.warnings).toEqual([
      expect.stringMatching(/The result of render is not put in the store: .*a\.yaml contains a secret/),
    ]);
    expect(await keysOf(store)).not.toContainEqual(expect.stringContaining('records/render'));
    // The others are there.
    expect(await two.run()).toEqual(['iso', 'render']);
  });
});

describe('a store that is away', () => {
  it('costs one warning, and the run goes on', async () => {
    const builder = new Builder(join(home, 'three'), join(home, 'not', 'mounted'));
    expect(await builder.run()).toEqual(ALL);
    expect(builder.warnings).toEqual([
      `The store is not used any more in this run: The folder ${join(home, 'not')} is not there`,
    ]);
  });

  it('nor one that is in the way of its own folders', async () => {
    await mkdir(store);
    await writeFile(join(store, 'blobs'), '');
    expect(await one.run()).toEqual(ALL);
    expect(one.warnings).toHaveLength(1);
  });

  it('is a file in its place', async () => {
    await writeFile(store, '');
    expect(await one.run()).toEqual(ALL);
    expect(one.warnings).toHaveLength(1);
  });
});

it('the permissions of the folder are those of the files in it', async () => {
  await mkdir(store, { mode: 0o700 });
  await chmod(store, 0o2770);
  await one.run();
  const modes = new Set(Object.values(await treeOf(store)).map((what) => what.split(' ')[0]));
  expect([...modes]).toEqual(['660']);
});
