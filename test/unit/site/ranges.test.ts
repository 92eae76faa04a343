import { expect, test } from 'vitest';
import { overlap } from '../../../pipeline/maas/site/address.ts';
import type { Comparison } from '../../../pipeline/maas/site/change.ts';
import { interval, rangeChanges } from '../../../pipeline/maas/site/diff/ranges.ts';
import type { LiveRange } from '../../../pipeline/maas/site/live-site.ts';
import fc from '../../property.ts';

const CIDR = '10.0.0.0/24';
type Ends = { start: string; end: string };

/** Ranges from cut points, so that none overlaps. */
const ranges = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }).map((cuts) => {
  const sorted = cuts.toSorted((a, b) => a - b);
  return sorted.flatMap((from, i): Ends[] =>
    i % 2 === 0 && sorted[i + 1] !== undefined
      ? [{ start: `10.0.0.${from}`, end: `10.0.0.${sorted[i + 1]}` }]
      : [],
  );
});

/** Brings a MAAS that refuses what overlaps from some ranges to others. @returns what it has then; a refusal throws */
async function moved(have: readonly Ends[], want: readonly Ends[], prune: boolean) {
  const there = new Map<number, Ends>(have.map((one, id) => [id, one]));
  let next = have.length;
  const put = (id: number, form: { start_ip: string; end_ip: string }) => {
    const one = { start: form.start_ip, end: form.end_ip };
    for (const [other, taken] of there)
      if (other !== id && overlap(interval(taken), interval(one)))
        throw new Error(`${one.start}-${one.end} lies on ${taken.start}-${taken.end}`);
    there.set(id, one);
  };
  const idOf = (path: string) => Number(path.split('/')[1]);
  const client = {
    delete: async (path: string) => void there.delete(idOf(path)),
    update: async (path: string, form: never) => put(idOf(path), form),
    post: async (_path: string, form: never) => put(next++, form),
  };
  const comparison = {
    site: {
      subnets: [
        { cidr: CIDR, ranges: want.map((one) => ({ ...one, type: 'reserved', path: ['subnets', 0] })) },
      ],
      prune: new Set(prune ? ['ranges'] : []),
    },
    current: {
      ranges: have.map((one, id): LiveRange => ({ ...one, id, cidr: CIDR, type: 'reserved', comment: '' })),
    },
    problems: [],
  } as unknown as Comparison;
  const changes = rangeChanges(comparison);
  for (const change of changes) await change.run({ client, ids: { subnet: () => 1 } } as never);
  const left = [...there.values()].map(({ start, end }) => `${start}-${end}`).sort();
  return { left, problems: comparison.problems, changes: changes.length };
}

test('any ranges become any others, and no step lies on what is still there', () =>
  fc.assert(
    fc.asyncProperty(ranges, ranges, async (have, want) => {
      const { left, problems } = await moved(have, want, true);
      expect(problems).toEqual([]);
      expect(left).toEqual(want.map(({ start, end }) => `${start}-${end}`).sort());
    }),
    { numRuns: 3000 },
  ));

test('without prune every range that is left over stays, or is named as a problem', () =>
  fc.assert(
    fc.asyncProperty(ranges, ranges, async (have, want) => {
      const { left, problems, changes } = await moved(have, want, false);
      if (problems.length > 0) expect(changes).toBe(0);
      else expect(left).toEqual(expect.arrayContaining(want.map(({ start, end }) => `${start}-${end}`)));
      if (problems.length > 0) expect(left).toHaveLength(have.length);
    }),
    { numRuns: 1000 },
  ));
