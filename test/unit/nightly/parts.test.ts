import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRelease } from '../../../pipeline/config/releases/load.ts';
import type { Config } from '../../../pipeline/config/types.ts';
import { chooseImages } from '../../../pipeline/nightly/choose-images.ts';
import { defaultJobs } from '../../../pipeline/nightly/jobs.ts';
import { needsOf } from '../../../pipeline/nightly/needs.ts';
import fc from '../../property.ts';

const GIB = 1024 ** 3;

describe('images by name and glob', () => {
  const images = Object.fromEntries(['dgx1', 'dgx-a100', 'dgx.b200', 'demo'].map((name) => [name, { name }]));
  const config = { file: '/x/dgxos-maas.yaml', images } as unknown as Config;
  const chosen = (...patterns: string[]) => chooseImages(config, patterns).map(({ name }) => name);

  it.each([
    [[], ['dgx1', 'dgx-a100', 'dgx.b200', 'demo']],
    [
      ['demo', 'dgx1'],
      ['dgx1', 'demo'],
    ],
    [['dgx*'], ['dgx1', 'dgx-a100', 'dgx.b200']],
    [
      ['dgx?', 'd*o'],
      ['dgx1', 'demo'],
    ],
    [['dgx.*'], ['dgx.b200']],
    [
      ['*', 'demo'],
      ['dgx1', 'dgx-a100', 'dgx.b200', 'demo'],
    ],
  ])('%j means %j', (patterns, names) => {
    expect(chosen(...patterns)).toEqual(names);
  });

  it('a name or glob that means none is reported with those there are', () => {
    expect(() => chosen('dgx1', 'demmo')).toThrow(/Did you mean "demo"/);
    expect(() => chosen('x*')).toThrow(/There is no image "x\*"/);
  });

  it('every other character stands for itself', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => !/[*?]/.test(text)),
        (text) => {
          const one = { file: '/x', images: { [text]: { name: text } } } as unknown as Config;
          expect(chooseImages(one, [text]).map(({ name }) => name)).toEqual([text]);
          expect(() => chooseImages(one, [`${text}x`])).toThrow();
        },
      ),
    );
  });
});

it.each([
  [
    'a small host',
    2,
    4 * GIB,
    [
      { cpus: 8, memoryMiB: 2048 },
      { cpus: 8, memoryMiB: 2048 },
    ],
    1,
  ],
  ['by processors', 32, 256 * GIB, Array(9).fill({ cpus: 8, memoryMiB: 2048 }), 4],
  ['by memory', 64, 16 * GIB, Array(9).fill({ cpus: 4, memoryMiB: 4096 }), 3],
  [
    'by the largest',
    16,
    64 * GIB,
    [
      { cpus: 2, memoryMiB: 1 },
      { cpus: 8, memoryMiB: 2048 },
    ],
    2,
  ],
  ['never more than images', 64, 256 * GIB, [{ cpus: 2, memoryMiB: 1 }], 1],
])('builds at the same time: %s', (_, cpus, memoryBytes, needs, jobs) => {
  expect(defaultJobs(needs, { cpus, memoryBytes })).toBe(jobs);
});

const iso = join(mkdtempSync(join(tmpdir(), 'needs-')), 'medium.iso');
writeFileSync(iso, Buffer.alloc(3 * 1024 ** 2 + 1));
const own = { cpus: 3, memoryMiB: 2000 };
it.each([
  ['the ISO stays on the CD', 'dgxos5', iso, {}, { cpus: 8, memoryMiB: 2048 }],
  ['subiquity keeps the ISO in memory', 'dgxos7', iso, {}, { cpus: 8, memoryMiB: 4096 + 4 }],
  ['the ISO is not there yet', 'dgxos6', 'https://x.example/a.iso', {}, { cpus: 8, memoryMiB: 4096 + 8192 }],
  ["the user's own", 'dgxos7', iso, own, own],
])('needs of a build: %s', async (_, id, source, vm, needs) => {
  const image = {
    iso: { source, sha256: 'a'.repeat(64) },
    vm: { cpus: null, memoryMiB: null, ...vm },
    archive: { root: { source: null } },
  };
  const request = { config: { cache: '/none' }, image, release: await loadRelease(id), stages: [] };
  expect(await needsOf(request as unknown as Parameters<typeof needsOf>[0])).toEqual(needs);
});

it('needs of an image that is rehearsed are those of the larger machine', async () => {
  const image = {
    vm: {},
    archive: { root: { source: 'root.tar.xz' } },
    rehearsal: { memoryMiB: 4096 },
  };
  const request = (stages: { id: string }[]) =>
    ({ config: { cache: '/none' }, image, stages }) as unknown as Parameters<typeof needsOf>[0];
  expect(await needsOf(request([]))).toEqual({ cpus: 1, memoryMiB: 1024 });
  expect(await needsOf(request([{ id: 'rehearse' }]))).toEqual({ cpus: 2, memoryMiB: 4096 });
});
