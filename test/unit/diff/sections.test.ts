import { describe, expect, it } from 'vitest';
import { compareImages, type ImageDiff } from '../../../pipeline/image/diff/compare.ts';
import { notCompared, verdict } from '../../../pipeline/image/diff/phrases.ts';
import { sections, signedBytes } from '../../../pipeline/image/diff/sections.ts';
import { compareSizes } from '../../../pipeline/image/diff/sizes.ts';
import type { Package } from '../../../pipeline/image/facts/facts.ts';
import { image, pkg, whole } from './facts.ts';

type Files = Record<string, number>;
const listed = (files: Files, more = false) => ({
  entries: Object.entries(files).map(([path, bytes]) => ({ path, bytes })),
  whole: !more,
});

/** The rows of one section, as words. */
function rows(diff: ImageDiff, title: string): string[] | undefined {
  const found = sections(diff).changed.find((section) => section.title === title);
  return found?.rows.map(({ word, name, before, after }) => [word, name, before, after].join('|'));
}

describe('sizes of two images', () => {
  it.each<[string, Files, boolean, Files, boolean, string[] | undefined]>([
    ['one that grew', { a: 1000 }, false, { a: 3000 }, false, ['larger|/a|1.0 kB|3.0 kB (+2.0 kB)']],
    ['one that shrank', { a: 3000 }, false, { a: 1000 }, false, ['smaller|/a|3.0 kB|1.0 kB (−2.0 kB)']],
    ['one that came', {}, false, { a: 1000 }, false, ['new|/a||1.0 kB']],
    ['one that went', { a: 1000 }, false, {}, false, ['gone|/a|1.0 kB|']],
    [
      'one that came into a list',
      { b: 500 },
      true,
      { a: 2000, b: 500 },
      false,
      ['larger|/a|below 500 B|2.0 kB'],
    ],
    ['one that left a list', { a: 2000, b: 500 }, false, { b: 500 }, true, ['smaller|/a|2.0 kB|below 500 B']],
    ['one that a list may hold below its end', { b: 500 }, true, { a: 500, b: 500 }, false, undefined],
    ['a list of nothing that goes on', {}, true, { a: 1 }, false, ['larger|/a|below 0 B|1 B']],
    ['one without bytes in a list that goes on', {}, true, { a: 0 }, false, undefined],
    ['the same', { a: 1 }, false, { a: 1 }, false, undefined],
  ])('%s', (_what, before, moreBefore, after, moreAfter, expected) => {
    const files = compareSizes(listed(before, moreBefore), listed(after, moreAfter));
    expect(rows({ ...compareImages(image('a'), image('b')), files }, 'Files')).toEqual(expected);
  });

  it('the greatest change first, and those of one size by their names', () => {
    const changes = compareSizes(listed({ c: 5, d: 5, e: 90 }), listed({ b: 5, a: 5, e: 10, c: 5 }));
    expect(changes.map(({ path }) => path)).toEqual(['e', 'a', 'b', 'd']);
  });

  it.each([
    [0, '+0 B'],
    [1, '+1 B'],
    [-1, '−1 B'],
  ])('a change of %i bytes', (count, text) => {
    expect(signedBytes(count)).toBe(text);
  });
});

describe('packages of two images', () => {
  it.each<[string, Package[], Package[], string[] | undefined]>([
    ['upgraded', [pkg('p', '1')], [pkg('p', '2')], ['upgraded|p|1|2']],
    ['downgraded', [pkg('p', '2')], [pkg('p', '1')], ['downgraded|p|2|1']],
    ['of another state', [pkg('p', '1')], [pkg('p', '1', { status: 'hi' })], ['changed|p|1 (ii)|1 (hi)']],
    [
      'of another architecture',
      [pkg('p', '1')],
      [pkg('p', '1', { arch: 'all' })],
      ['changed|p|1 amd64|1 all'],
    ],
    ['the same', [pkg('p', '1')], [pkg('p', '1')], undefined],
  ])('%s', (_what, before, after, expected) => {
    const diff = compareImages(image('a', { packages: before }), image('b', { packages: after }));
    expect(rows(diff, 'Packages')).toEqual(expected);
  });
});

describe('sections', () => {
  it('of the whole: each number that differs', () => {
    const [{ bytes, counts }] = [whole()];
    const size = (parts: Parameters<typeof image>[1], a?: number, b?: number) =>
      rows(
        compareImages(
          { ...image('a'), ...(a === undefined ? {} : { size: a }) },
          { ...image('b', parts), ...(b === undefined ? {} : { size: b }) },
        ),
        'Size',
      );
    expect(size({ bytes: { ...bytes, stored: 3000 } }, 1000, 1000)).toEqual([
      'larger|files, unpacked|1.0 kB|3.0 kB',
    ]);
    expect(size({ counts: { ...counts, files: 1 } })).toEqual(['smaller|number of files|2|1']);
    expect(size({}, 2000, 1000)).toEqual(['smaller|artifact|2.0 kB|1.0 kB']);
    expect(size({}, 1000)).toBeUndefined();
    expect(size({}, undefined, 1000)).toBeUndefined();
  });

  it('of what GRUB starts, users, setuid files and capabilities', () => {
    const start = (version: string | null) => ({
      ...whole().boot!,
      defaultKernel: version === null ? null : { version, from: 'x' },
    });
    const diff = compareImages(
      image('a', { boot: start('5.4.0-42-generic'), accounts: [] }),
      image('b', {
        boot: start(null),
        accounts: [{ name: 'bob', uid: 1000, shell: '/bin/sh', password: 'usable', scheme: 'yescrypt' }],
        owners: { ...whole().owners!, setuid: [{ path: '/usr/bin/sudo', mode: '6755', uid: 0, gid: 0 }] },
        xattrs: { ...whole().xattrs!, capabilities: [] },
      }),
    );
    expect(rows(diff, 'Kernels')).toEqual(["changed|GRUB's default|5.4.0-42-generic|none"]);
    expect(rows(diff, 'Users')).toEqual(['added|bob||uid 1000, /bin/sh, password usable (yescrypt)']);
    expect(rows(diff, 'Setuid files')).toEqual(['changed|/usr/bin/sudo|4755 0:0|6755 0:0']);
    expect(rows(diff, 'Capabilities')).toEqual(['removed|/usr/bin/ping|cap_net_raw=ep|']);
    expect(rows(diff, 'Services')).toBeUndefined();
    expect(sections(diff).same).toContain('services');
  });

  it('end with a verdict, and with what is not known', () => {
    const [a, b] = [image('a'), image('b')];
    const said = (left?: string, right?: string) =>
      verdict(compareImages(left ? { ...a, sha256: left } : a, right ? { ...b, sha256: right } : b));
    expect(said()).toBe('No differences found');
    expect(said('1')).toBe('No differences found');
    expect(said(undefined, '1')).toBe('No differences found');
    expect(said('1', '1')).toBe('The same artifact: the digests are equal');
    expect(said('1', '2')).toBe('No differences found; the digests differ');
    const { services, accounts, ...rest } = whole();
    const less = compareImages(
      { name: 'a', facts: { ...rest, services } },
      { name: 'b', facts: { ...rest, accounts } },
    );
    expect(notCompared(less)).toEqual([
      'Not compared: services (not known of b)',
      'Not compared: users (not known of a)',
    ]);
    const least = compareImages({ name: 'a', facts: rest }, { name: 'b', facts: rest });
    expect(notCompared(least)).toEqual(['Not compared: services, users (not known of a and b)']);
  });
});

describe('parts that only one comparison has', () => {
  it.each<[string, Files, Files, string]>([
    ['came without a byte', {}, { a: 0 }, 'new|/a||0 B'],
    ['went without a byte', { a: 0 }, {}, 'gone|/a|0 B|'],
  ])('a path that %s', (_what, before, after, row) => {
    const files = compareSizes(listed(before), listed(after));
    expect(rows({ ...compareImages(image('a'), image('b')), files }, 'Files')).toEqual([row]);
  });

  it('the artifact’s size, where nothing else is known', () => {
    const sized = (size: number | undefined) => ({
      name: 'x',
      facts: {},
      ...(size === undefined ? {} : { size }),
    });
    const of = (before: number | undefined, after: number | undefined) => {
      const diff = compareImages(sized(before), sized(after));
      return [rows(diff, 'Size'), sections(diff).same.includes('size')];
    };
    expect(of(1000, 3000)).toEqual([['larger|artifact|1.0 kB|3.0 kB'], false]);
    expect(of(3000, 1000)).toEqual([['smaller|artifact|3.0 kB|1.0 kB'], false]);
    expect(of(1000, 1000)).toEqual([undefined, false]);
    expect(of(1000, undefined)).toEqual([undefined, false]);
    expect(of(undefined, 1000)).toEqual([undefined, false]);
  });

  it('nothing of either', () => {
    const diff = compareImages({ name: 'a', facts: {} }, { name: 'b', facts: {} });
    expect(sections(diff)).toEqual({ changed: [], same: [] });
  });
});
