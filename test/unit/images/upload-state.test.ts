import { describe, expect, test } from 'vitest';
import type { BootResourceDetail, BootResourceSet } from '../../../pipeline/maas/api/answers.ts';
import { compareVersions, offsetOf, uploadState } from '../../../pipeline/maas/images/upload-state.ts';
import fc from '../../property.ts';

const SHA = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

function set(version: string, more: Partial<BootResourceSet> & { sha256?: string } = {}): BootResourceSet {
  const { sha256 = SHA, size = 1000, complete = false, ...rest } = more;
  const uploadUri = complete ? undefined : `/MAAS/api/2.0/boot-resources/3/upload/${version}/`;
  return {
    version,
    size,
    complete,
    progress: complete ? undefined : 0,
    files: [{ sha256, size, complete, uploadUri, filetype: 'root-tgz' }],
    ...rest,
  };
}

const at = (sets: BootResourceSet[], regions = 1) =>
  uploadState({ sets } as BootResourceDetail, { sha256: SHA, size: 1000 }, regions);

describe('the offset', () => {
  test('is exact for any size that a disk holds, any offset and any number of regions', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 2 ** 43 })
          .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size }))),
        fc.integer({ min: 1, max: 9 }),
        ([size, offset], regions) => {
          // As MAAS computes it, and through the JSON text that carries it.
          const progress = JSON.parse(JSON.stringify((100.0 * offset) / (size * regions))) as number;
          expect(offsetOf({ size, progress }, regions)).toBe(offset);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('never leaves the file, though other regions have copied already', () => {
    expect(offsetOf({ size: 1000, progress: 75 }, 2)).toBe(1000);
    expect(offsetOf({ size: 1000, progress: undefined }, 2)).toBe(0);
  });
});

describe('set versions', () => {
  test('are ordered by number: the tenth upload of a day comes after the ninth', () => {
    const day = ['20261122', ...Array.from({ length: 12 }, (_, i) => `20261122.${i + 1}`), '20261123'];
    fc.assert(
      fc.property(fc.shuffledSubarray(day, { minLength: day.length }), (shuffled) => {
        expect([...shuffled].sort(compareVersions)).toEqual(day);
      }),
    );
  });
});

describe('the state of an upload in MAAS', () => {
  test('nothing there', () => expect(at([])).toEqual({ at: 'absent', keepOld: false }));

  test('partly there', () =>
    expect(at([set('20261122', { progress: 12.3 })])).toMatchObject({
      at: 'partial',
      offset: 123,
      set: '20261122',
    }));

  test('a file of our sum and another size is not ours: whoever registered it said so wrongly', () => {
    for (const complete of [false, true])
      expect(at([set('20261122', { size: 999, complete })])).toEqual({ at: 'absent', keepOld: complete });
  });

  test('a set after the ninth of a day is the newest', () =>
    expect(at([set('20261122.10', { progress: 50 }), set('20261122.9', { sha256: OTHER })])).toMatchObject({
      at: 'partial',
      set: '20261122.10',
    }));

  test('empty old sets count for nothing', () =>
    expect(at([set('20261122', { progress: 50 }), set('20261123', { files: [], size: 0 })])).toMatchObject({
      at: 'partial',
    }));

  test('complete', () =>
    expect(at([set('20261122', { complete: true })])).toEqual({ at: 'complete', set: '20261122' }));

  test('complete below the dead upload of another content: MAAS deploys ours', () =>
    expect(at([set('20261122', { complete: true }), set('20261123', { sha256: OTHER })])).toMatchObject({
      at: 'complete',
    }));

  test('complete once, but other content is deployed now', () =>
    expect(
      at([set('20261122', { complete: true }), set('20261123', { sha256: OTHER, complete: true })]),
    ).toEqual({
      at: 'absent',
      keepOld: true,
    }));

  test('only the dead upload of another content: nothing to keep', () =>
    expect(at([set('20261122', { sha256: OTHER })])).toEqual({ at: 'absent', keepOld: false }));

  test('ours unfinished above other content in use', () =>
    expect(
      at([set('20261122', { sha256: OTHER, complete: true }), set('20261123', { progress: 10 })]),
    ).toMatchObject({
      at: 'partial',
      offset: 100,
    }));

  test('several regions: all bytes there show half', () =>
    expect(at([set('20261122', { progress: 50 })], 2)).toMatchObject({
      at: 'sent',
      percent: 50,
    }));

  test('regions that share the bytes, as up to 3.4, count as one', () =>
    expect(at([set('20261122', { progress: 50 })], 1)).toMatchObject({ at: 'partial', offset: 500 }));
});
