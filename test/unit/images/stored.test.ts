import { describe, expect, test } from 'vitest';
import { freedBy, freedByRenewal, type StoredSet, setInUse } from '../../../pipeline/maas/images/stored.ts';
import fc from '../../property.ts';

const set = (version: number, sha256: string, more: Partial<StoredSet> = {}): StoredSet => ({
  ...{ version: `20261122.${version}`, size: 100, stored: 100, sha256, complete: true },
  ...more,
});
const image = (id: number, ...sets: StoredSet[]) => ({ id, sets });
const freed = (images: ReturnType<typeof image>[], ids: number[], files: boolean) => [
  ...freedBy(images, ids, files).values(),
];

// BootResourceFileManager.filestore_remove_files of 3.5.0 to 3.8; LargeFile.delete up to 3.4.
describe('the bytes that a deletion frees', () => {
  test('nothing, while another image has the content', () => {
    const images = [image(1, set(1, 'a')), image(2, set(1, 'a'))];
    expect(freed(images, [1], true)).toEqual([0]);
    // The second takes the content with it.
    expect(freed(images, [1, 2], true)).toEqual([0, 100]);
  });

  test('nothing, while an old set of a channel has it', () => {
    const images = [image(1, set(1, 'a')), image(2, set(1, 'a'), set(2, 'b'))];
    expect(freed(images, [1], true)).toEqual([0]);
    expect(freed(images, [2], true)).toEqual([100]);
  });

  test('nothing of what two sets of one image share, from 3.5 on', () => {
    const rolledBack = image(1, set(1, 'a'), set(2, 'b'), set(3, 'a'));
    expect(freed([rolledBack], [1], true)).toEqual([100]);
    expect(freed([rolledBack], [1], false)).toEqual([200]);
  });

  test('of an unfinished one what has come', () =>
    expect(freed([image(1, set(1, 'a', { complete: false, stored: 30 }))], [1], true)).toEqual([30]));

  test('never more than there is, whatever goes in whatever order', () => {
    const sums = fc.constantFrom('a', 'b', 'c');
    const images = fc
      .array(fc.array(sums, { maxLength: 4 }), { maxLength: 5 })
      .map((all) => all.map((own, id) => image(id, ...own.map((sha, at) => set(at, sha)))));
    fc.assert(
      fc.property(images, fc.boolean(), (all, files) => {
        const contents = new Set(all.flatMap(({ sets }) => sets.map(({ sha256 }) => sha256))).size;
        const bytes = freed(
          all,
          all.map(({ id }) => id),
          files,
        ).reduce((a, b) => a + b, 0);
        expect(bytes).toBeLessThanOrEqual(100 * contents);
        // Up to 3.4 all of it goes when everything goes.
        if (!files) expect(bytes).toBe(100 * contents);
      }),
    );
  });
});

describe('the rest of a channel', () => {
  test('the newest complete set is in use, by number', () => {
    const sets = [set(9, 'a'), set(10, 'b'), set(11, 'c', { complete: false })];
    expect(setInUse(sets)?.sha256).toBe('b');
  });

  test('old sets free what nobody else has', () => {
    const channel = image(1, set(1, 'a'), set(2, 'b'), set(3, 'c'));
    expect(freedByRenewal(channel, [channel, image(2, set(1, 'b')), image(3, set(1, 'c'))], true)).toBe(100);
    expect(freedByRenewal(channel, [channel], true)).toBe(200);
    const unfinished = image(1, set(1, 'a', { complete: false }), set(2, 'b', { complete: false }));
    expect(freedByRenewal(unfinished, [unfinished], true)).toBe(0);
  });
});
