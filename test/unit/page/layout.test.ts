import { describe, expect, it } from 'vitest';
import { sizeTree } from '../../../pipeline/report/page/size-tree.ts';
import { squarify } from '../../../pipeline/report/page/squarify.ts';
import { NARROW, treemap, WIDE } from '../../../pipeline/report/page/treemap.ts';
import fc from '../../property.ts';
import { facts } from './folder.ts';

const FRAME = { x: 5, y: 7, width: 960, height: 420 };
const descending = fc
  .array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 60 })
  .map((values) => values.sort((a, b) => b - a));

describe('squarify', () => {
  it('gives every value its share of the area, inside the frame, without overlap', () => {
    fc.assert(
      fc.property(descending, (values) => {
        const rects = squarify(values, FRAME);
        const total = values.reduce((a, b) => a + b);
        expect(rects).toHaveLength(values.length);
        rects.forEach((r, i) => {
          expect((r.width * r.height) / (FRAME.width * FRAME.height)).toBeCloseTo(values[i]! / total, 6);
          expect(r.x).toBeGreaterThanOrEqual(FRAME.x - 1e-6);
          expect(r.y).toBeGreaterThanOrEqual(FRAME.y - 1e-6);
          expect(r.x + r.width).toBeLessThanOrEqual(FRAME.x + FRAME.width + 1e-6);
          expect(r.y + r.height).toBeLessThanOrEqual(FRAME.y + FRAME.height + 1e-6);
          for (const other of rects.slice(0, i)) {
            const apart =
              other.x + other.width <= r.x + 1e-6 ||
              r.x + r.width <= other.x + 1e-6 ||
              other.y + other.height <= r.y + 1e-6 ||
              r.y + r.height <= other.y + 1e-6;
            expect(apart).toBe(true);
          }
        });
      }),
      { numRuns: 100 },
    );
  });

  it('keeps equal values nearly square', () => {
    for (const { width, height } of squarify(Array(12).fill(1), FRAME))
      expect(Math.max(width / height, height / width)).toBeLessThan(2);
  });

  it('lays out nothing for nothing', () => {
    expect(squarify([], FRAME)).toEqual([]);
  });
});

describe('size tree', () => {
  const leaves = (tree: ReturnType<typeof sizeTree>) => tree.flatMap((group) => group.leaves);

  it('takes a big file out of its directory and counts no byte twice', () => {
    const tree = sizeTree(facts());
    expect(leaves(tree).reduce((sum, leaf) => sum + leaf.bytes, 0)).toBe(10_000);
    expect(tree[0]).toMatchObject({ path: '/usr/lib', bytes: 6500 });
    const names = leaves(tree).map((leaf) => [leaf.path, leaf.bytes]);
    expect(names).toContainEqual(['/usr/lib/x86_64-linux-gnu/libbig.so', 1200]);
    expect(names).toContainEqual(['other files of /usr/lib/x86_64-linux-gnu', 2800]);
  });

  it('accounts for every byte of any image', () => {
    const names = fc.constantFrom(
      'usr/lib/a',
      'usr/lib/b',
      'usr/bin',
      'boot',
      'etc',
      '',
      'opt/x/y',
      'var/lib/z',
      'srv',
      'home/u',
    );
    const directories = fc.uniqueArray(
      fc.record({ path: names, bytes: fc.integer({ min: 0, max: 10_000 }), files: fc.constant(1) }),
      { selector: (d) => d.path, minLength: 1 },
    );
    fc.assert(
      fc.property(directories, fc.nat(5000), fc.nat(100), (directories, unlisted, share) => {
        const stored = directories.reduce((sum, d) => sum + d.bytes, unlisted);
        const biggest = directories.map((d) => ({
          path: `${d.path}${d.path && '/'}big`,
          bytes: Math.floor((d.bytes * share) / 100),
        }));
        const tree = sizeTree({ directories, biggest, bytes: { apparent: stored, stored } });
        expect(leaves(tree).reduce((sum, leaf) => sum + leaf.bytes, 0)).toBe(stored);
        expect(tree.length).toBeLessThanOrEqual(7);
        expect(leaves(tree).every((leaf) => leaf.bytes > 0)).toBe(true);
      }),
    );
  });
});

it.each([
  ['wide', WIDE],
  ['narrow', NARROW],
])('the %s map shows each leaf with its whole path, and labels no longer than their cells', (_, frame) => {
  const cells = treemap(sizeTree(facts()), frame);
  expect(cells.map((cell) => cell.title)).toContain('/usr/lib/x86_64-linux-gnu/libbig.so: 1.2 kB');
  for (const { width, label, shortLabel } of cells) {
    const pixels = (Number.parseFloat(width) / 100) * frame.width;
    expect(label.length * 7.2).toBeLessThanOrEqual(pixels);
    expect(shortLabel.length).toBeLessThanOrEqual(label.length);
  }
});
