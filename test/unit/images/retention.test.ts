import { describe, expect, test } from 'vitest';
import type { ImageConfig } from '../../../pipeline/config/types.ts';
import type { ListedImage } from '../../../pipeline/maas/images/list-images.ts';
import { decideRetention, mayHaveDue } from '../../../pipeline/maas/images/retention.ts';
import { channelHistory, channelName } from '../../../pipeline/workspace/ledger/channel.ts';
import type { LedgerEntry } from '../../../pipeline/workspace/ledger/ledger.ts';
import fc from '../../property.ts';
import { inMaas, noted as notedToday, TARGET } from './entries.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const POLICY = { keep: 2, days: 14, deployedDays: 30 };
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 24 * 3600 * 1000).toISOString();

const noted = (name: string, id: number, days: number, more: Partial<LedgerEntry> = {}) =>
  notedToday(name, id, { time: daysAgo(days), ...more });

const deleted = (images: ListedImage[], ledger: LedgerEntry[], policy = POLICY) =>
  decideRetention(images, ledger, TARGET, policy, NOW)
    .filter((one) => one.delete)
    .map(({ image }) => image.name);

describe('deleted images', () => {
  const ages = [100, 80, 60, 40, 10];
  const ledger = ages.map((days, i) => noted(`v${i}`, i, days));
  const images = ages.map((_, i) => inMaas(`v${i}`, i));

  test('old ones beyond the count', () => expect(deleted(images, ledger).sort()).toEqual(['v0', 'v1', 'v2']));

  test('not those that are young, however many', () =>
    expect(deleted(images, ledger, { ...POLICY, keep: 0, days: 90 })).toEqual(['v0']));

  test('the count is for each image', () =>
    expect(
      deleted(
        images,
        ledger.map((e, i) => ({ ...e, image: i < 2 ? 'dgx2' : 'dgx1' })),
      ),
    ).toEqual(['v2']));

  test('not what was not uploaded from here, or to another MAAS', () => {
    expect(deleted(images, [])).toEqual([]);
    expect(
      deleted(
        images,
        ledger.map((e) => ({ ...e, target: 'http://other/MAAS' })),
      ),
    ).toEqual([]);
  });

  test('not what was deployed lately, whether MAAS names the zone or not', () => {
    const at = (lastDeployed: string | null | undefined) =>
      deleted(
        images.map((image) => (image.id === 0 ? { ...image, lastDeployed } : image)),
        ledger,
      ).includes('v0');
    expect(at(daysAgo(29))).toBe(false);
    expect(at(daysAgo(29).replace('Z', ''))).toBe(false);
    expect(at(daysAgo(31).replace('Z', ''))).toBe(true);
    expect(at('rubbish')).toBe(false);
    // Before 3.4 nobody knows.
    expect(at(undefined)).toBe(false);
  });

  test('a limit in days is reached when they are over, not before', () => {
    const policy = { keep: 0, days: 14, deployedDays: 30 };
    const v0 = (days: number, more: Partial<ListedImage>) =>
      deleted([inMaas('v0', 0, more)], [noted('v0', 0, days)], policy).length === 1;
    const ms = 1 / (24 * 3600 * 1000);
    expect([v0(14 - ms, {}), v0(14, {})]).toEqual([false, true]);
    const deployed = (days: number) => v0(100, { lastDeployed: daysAgo(days) });
    expect([deployed(30 - ms), deployed(30)]).toEqual([false, true]);
    const half = { complete: false, progress: 50 };
    expect([v0(1 - ms, half), v0(1, half)]).toEqual([false, true]);
    // Without a request for deployments, a MAAS that does not report them is not a reason to keep anything.
    const never = deleted([inMaas('v0', 0, { lastDeployed: undefined })], [noted('v0', 0, 100)], {
      ...policy,
      deployedDays: 0,
    });
    expect(never).toEqual(['v0']);
  });

  test('a time without a zone is in UTC, to the hour, wherever this runs', () => {
    const at = (days: number) => {
      const lastDeployed = daysAgo(days).replace('Z', '').replace('T', ' ');
      return deleted(
        images.map((image) => (image.id === 0 ? { ...image, lastDeployed } : image)),
        ledger,
      ).includes('v0');
    };
    expect([at(30 - 1 / 24), at(30 + 1 / 24)]).toEqual([false, true]);
    // Without this the zone of the host could be the one of MAAS.
    expect(NOW.getTimezoneOffset()).not.toBe(0);
  });

  test('not a channel, whatever it has in MAAS: somebody else may have filled it', () => {
    const promoted = noted('stable', 50, 90, { did: 'promoted', of: 'v0', sha256: '0' });
    for (const sha256 of ['unknown', null])
      expect(
        deleted([...images, inMaas('stable', 50, { sha256 })], [...ledger, promoted], { ...POLICY, keep: 0 }),
      ).not.toContain('stable');
  });

  test('not what has the number of an image of ours and another name: MAAS was installed anew', () => {
    const foreign = [inMaas('precious', 0)];
    expect(deleted(foreign, ledger, { ...POLICY, keep: 0 })).toEqual([]);
    const [judged] = decideRetention(foreign, ledger, TARGET, POLICY, NOW);
    expect(judged?.why).toBe('not uploaded from this host');
  });

  test('not what has the name of an image of ours and another number: it was made anew by hand', () => {
    expect(deleted([inMaas('v0', 77)], ledger, { ...POLICY, keep: 0 })).toEqual([]);
  });

  test('not what a machine has, whatever MAAS says of its deployment', () => {
    const used = images.map((image) => (image.id === 0 ? { ...image, machines: ['gpu-1', 'gpu-2'] } : image));
    expect(deleted(used, ledger).sort()).toEqual(['v1', 'v2']);
    const [why] = decideRetention(used, ledger, TARGET, POLICY, NOW).filter(({ image }) => image.id === 0);
    expect(why?.why).toBe('deployed on gpu-1 and 1 more');
    const one = [inMaas('v0', 0, { machines: ['gpu-1'] })];
    expect(decideRetention(one, ledger, TARGET, POLICY, NOW)[0]?.why).toBe('deployed on gpu-1');
  });

  test('not a channel, nor what it shows, nor what it would go back to', () => {
    const promoted = [0, 1, 2].map((id) =>
      noted('stable', 50, 30 - id, { did: 'promoted', sha256: String(id), of: `v${id}` }),
    );
    const all = [...images, inMaas('stable', 50, { sha256: '2' })];
    expect(deleted(all, [...ledger, ...promoted])).toEqual(['v0']);
  });

  test('an upload that is on its way stays, a dead one goes', () => {
    const half = { complete: false, progress: 50 };
    const two = [inMaas('young', 7, half), inMaas('dead', 8, half)];
    const begun = [noted('young', 7, 0.5, { did: 'started' }), noted('dead', 8, 2, { did: 'started' })];
    expect(deleted(two, begun)).toEqual(['dead']);
  });

  test('never more than the policy lets go, whatever there is', () => {
    const anything = fc.array(
      fc.record({ days: fc.integer({ min: 0, max: 100 }), ours: fc.boolean(), channel: fc.boolean() }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(anything, fc.nat(5), (specs, keep) => {
        const listed = specs.map((_, i) => inMaas(`n${i}`, i));
        const entries = specs.flatMap(({ days, ours, channel }, i) => [
          ...(ours ? [noted(`n${i}`, i, days)] : []),
          ...(channel ? [noted(`n${i}`, i, days, { did: 'promoted' as const })] : []),
        ]);
        const gone = deleted(listed, entries, { ...POLICY, keep });
        for (const name of gone) {
          const spec = specs[Number(name.slice(1))]!;
          expect(spec).toMatchObject({ ours: true, channel: false });
          expect(spec.days).toBeGreaterThanOrEqual(POLICY.days);
        }
        const left = specs.filter(
          ({ ours, channel }, i) => ours && !channel && !gone.includes(`n${i}`),
        ).length;
        if (gone.length > 0) expect(left).toBeGreaterThanOrEqual(keep);
      }),
    );
  });
});

describe('channels', () => {
  const image = {
    release: 'dgxos5',
    platform: 'dgx1',
    version: '5.0',
    resource: {
      name: 'custom/{platform}-{version}-{date}-{digest}',
      architecture: 'amd64/generic',
    },
  } as ImageConfig;

  test('are named by what does not change from build to build', () => {
    expect(channelName(image, 'stable')).toBe('dgx1-5.0-stable');
    expect(
      channelName({ ...image, resource: { ...image.resource, name: 'x_{date}.{digest}' } }, 'stable'),
    ).toBe('x-stable');
    expect(() => channelName(image, 'a/b')).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('going back takes the last content away, again and again', () => {
    const did = (what: 'promoted' | 'rolled-back', sha256: string) =>
      noted('stable', 9, 1, { did: what, sha256 });
    const shas = (entries: LedgerEntry[]) => channelHistory(entries, TARGET, 'stable').map((e) => e.sha256);
    const three = [did('promoted', 'a'), did('promoted', 'b'), did('promoted', 'b'), did('promoted', 'c')];
    expect(shas(three)).toEqual(['a', 'b', 'c']);
    expect(shas([...three, did('rolled-back', 'b')])).toEqual(['a', 'b']);
    expect(shas([...three, did('rolled-back', 'b'), did('rolled-back', 'a')])).toEqual(['a']);
    expect(channelHistory(three, 'http://other/MAAS', 'stable')).toEqual([]);
  });
});

describe('a look at the names alone', () => {
  const may = (images: ListedImage[], ledger: LedgerEntry[], policy = POLICY) =>
    mayHaveDue(images, ledger, TARGET, policy, NOW);
  const images = ['v0', 'v1', 'v2'].map((name, i) => inMaas(name, i));
  const ledger = [40, 30, 20].map((days, i) => noted(`v${i}`, i, days));

  test('says so where one is old and beyond the count, and not before', () => {
    expect(may(images, ledger)).toBe(true);
    expect(may(images, ledger, { ...POLICY, keep: 3 })).toBe(false);
    expect(may(images, ledger, { ...POLICY, days: 41 })).toBe(false);
    expect(may(images, [])).toBe(false);
  });

  test('says so where an upload began a day ago and was not seen to end', () => {
    const begun = (days: number) => may(images.slice(0, 1), [noted('v0', 0, days, { did: 'started' })]);
    expect([begun(0.9), begun(1)]).toEqual([false, true]);
  });

  test('misses nothing that is deleted by a look at everything', () => {
    const upload = fc.record({
      days: fc.integer({ min: 0, max: 60 }),
      image: fc.constantFrom('dgx1', 'dgx2'),
      machines: fc.constantFrom<string[]>([], ['gpu-1']),
      lastDeployed: fc.constantFrom(undefined, null, daysAgo(3), daysAgo(50)),
    });
    fc.assert(
      fc.property(fc.array(upload, { maxLength: 12 }), fc.integer({ min: 0, max: 3 }), (uploads, keep) => {
        const noticed = uploads.map(({ days, image }, i) => noted(`v${i}`, i, days, { image }));
        const there = uploads.map(({ machines, lastDeployed }, i) => ({
          ...inMaas(`v${i}`, i),
          machines,
          lastDeployed,
        }));
        const policy = { ...POLICY, keep };
        if (!may(there, noticed, policy)) expect(deleted(there, noticed, policy)).toEqual([]);
      }),
    );
  });
});
