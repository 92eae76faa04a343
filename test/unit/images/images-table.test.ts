import { describe, expect, test } from 'vitest';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { imagesTable, prunedTable } from '../../../pipeline/maas/images/images-table.ts';
import type { ListedImage } from '../../../pipeline/maas/images/list-images.ts';
import type { PrunedImage } from '../../../pipeline/maas/images/prune.ts';
import { inMaas, set } from './entries.ts';

const plain = paint(false);
const list = (...images: ListedImage[]) => imagesTable([{ target: 'lab', images }], plain);

describe('the table of images', () => {
  test('has a row for each, with what MAAS says of it', () => {
    const lines = list(
      inMaas('dgx1', 1, { title: 'DGX-1 at home', size: 1_234_567 }),
      inMaas('dgx2', 2, { title: 'dgx2', complete: false, progress: 49.9 }),
      inMaas('dgx3', 3, { complete: false, baseImage: null, set: null, lastDeployed: '2026-11-22' }),
    ).split('\n');
    expect(lines[0]).not.toMatch(/SETS|ACCEPTANCE/);
    expect(lines[1]).toMatch(
      /1 +dgx1 \(DGX-1 at home\) +amd64\/generic +ubuntu\/focal +20261122 +1\.2 MB +complete +- +-/,
    );
    expect(lines[2]).toMatch(/2 +dgx2 +amd64.* 49 % /);
    expect(lines[3]).toMatch(/3 +dgx3 +amd64\/generic +- +- +1\.0 kB +0 % +2026-11-22/);
  });

  test('names the build that each is of, by its sum where the image has no name', () => {
    const uploaded = '2026-11-22T10:00:00Z';
    const sha256 = '0123456789abcdef';
    expect(list(inMaas('a', 1, { sha256, build: { image: 'dgx1', uploaded } }))).toContain('dgx1 2026-11-22');
    expect(list(inMaas('a', 1, { sha256, build: { image: null, uploaded } }))).toContain(
      '0123456 2026-11-22',
    );
  });

  test('has columns for sets, acceptance and machines only where there is something in them', () => {
    const two = [set('2'), set('1', 500)];
    const [head, first, second] = list(
      inMaas('a', 1, { sets: two, acceptance: 'accepted', machines: ['gpu01', 'gpu02'] }),
      inMaas('b', 2, { sets: [set('1')], machines: undefined }),
    ).split('\n');
    expect(head).toMatch(/SETS +ACCEPTANCE +MACHINES/);
    expect(first).toMatch(/2 \(1\.5 kB\) +accepted +2$/);
    expect(second).toMatch(/1 +- +-$/);
    expect(list(inMaas('a', 1, { sets: [set('1')], machines: undefined }))).not.toMatch(/SETS|MACHINES/);
  });

  test('names the targets where there are several, and says which has none', () => {
    const lab = { target: 'lab', images: [inMaas('a', 1)] };
    const lines = imagesTable([lab, { target: 'home', images: [] }], plain);
    expect(lines).toMatch(/^lab\nID/);
    expect(lines).toMatch(/\n\nhome: no uploaded images$/);
    expect(imagesTable([lab], plain)).toMatch(/^ID/);
  });
});

describe('the table of what was deleted', () => {
  const one = (more: Partial<PrunedImage> = {}): PrunedImage => ({
    image: inMaas('a', 1, { sets: [set('1')] }),
    delete: false,
    why: 'it is new',
    frees: 0,
    ...more,
  });
  const pruned = (dryRun: boolean, ...images: PrunedImage[]) =>
    prunedTable([{ target: 'lab', images }], dryRun, plain);

  test('says what was deleted, what is kept, and what is free now', () => {
    const gone = one({ delete: true, why: 'old', frees: 1000 });
    const [head, first, second, sum] = pruned(false, gone, one()).split('\n');
    expect(head).toMatch(/^LAB +NAME +SIZE +FREES +WHY/);
    expect(first).toMatch(/^deleted +a +1\.0 kB +1\.0 kB +old/);
    expect(second).toMatch(/^kept +a +1\.0 kB +- +it is new/);
    expect(sum).toBe('1 of 2 deleted, 1.0 kB freed');
    expect(pruned(true, gone)).toMatch(/would be deleted [\s\S]*1 of 1 would be deleted, 1\.0 kB freed$/);
    expect(pruned(true)).toBe('lab: no uploaded images');
  });

  test('says so where what went is shared with what is kept', () => {
    expect(pruned(false, one({ delete: true, frees: 999 }))).toMatch(
      /999 B freed: data that another image or set shares is not freed$/,
    );
  });

  const renewal = { oldSets: 2, frees: 2000, how: 'at-once' as const };
  test.each<[NonNullable<PrunedImage['renewal']>, string]>([
    [renewal, 'it is new; --channels deletes 2 old sets and frees 2.0 kB\n'],
    [{ ...renewal, oldSets: 1 }, '--channels deletes 1 old set and frees 2.0 kB\n'],
    [{ ...renewal, how: 'sent-again' }, 'and frees 2.0 kB, sending 1.0 kB again\n'],
    [{ ...renewal, how: 'never', why: 'x y' }, '2 old sets (2.0 kB) kept: x y\n'],
    [{ ...renewal, done: true }, '2 old sets deleted, 2.0 kB freed\n'],
    [{ ...renewal, frees: 0 }, 'it is new\n'],
  ])('says what a channel keeps: %j', (of, said) => {
    expect(pruned(false, one({ renewal: of }))).toContain(said);
  });
});
