import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../../pipeline/config/types.ts';
import { chooseImages } from '../../../pipeline/nightly/choose-images.ts';
import { defaultJobs } from '../../../pipeline/nightly/jobs.ts';

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
