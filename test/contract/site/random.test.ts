import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { exportText, readEverything } from '../../../pipeline/maas/site/export.ts';
import { keyOf } from '../../../sandbox/site/ssh-keys.ts';
import fc from '../../property.ts';
import { Maas } from './maas.ts';

const name = fc.constantFrom('alpha', 'beta', 'gamma', 'delta', 'epsilon');
const words = fc.constantFrom('', 'x', 'a b', 'ü', ' edges ');
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const unique = <T>(item: fc.Arbitrary<T>, selector: (item: T) => unknown, maxLength = 3) =>
  fc.uniqueArray(item, { selector, maxLength });
const byName = ({ name }: { name: string }) => name;

const named = unique(fc.record({ name, description: maybe(words) }), byName);

const region = fc.record(
  {
    name: fc.constantFrom('one', 'two'),
    upstream_dns: fc.subarray(['1.1.1.1', '8.8.8.8', 'fd00::1']),
    ntp_servers: fc.subarray(['ntp.example', '10.0.0.1']),
    ntp_external_only: fc.boolean(),
    kernel_options: fc.constantFrom('', 'a=b', 'a=b c'),
    storage_layout: fc.constantFrom('flat', 'lvm', 'blank'),
    intro_completed: fc.boolean(),
    commissioning_series: fc.constantFrom('focal', 'jammy'),
    proxy: fc.constantFrom<object>(
      { mode: 'none' },
      { mode: 'builtin' },
      { mode: 'external', url: 'http://p.example:3128' },
      { mode: 'peer', url: 'http://p.example:3128/', username: 'u' },
    ),
  },
  { requiredKeys: [] },
);

const keys = fc
  .subarray(['one', 'two', 'gh:me', 'lp:me'])
  .map((all) => all.map((one) => (one.includes(':') ? { import: one } : { key: keyOf(one) })));

const sources = unique(
  fc.record({
    release: fc.constantFrom('focal', 'jammy', 'noble', 'bionic'),
    arches: fc.subarray(['amd64', 'arm64'], { minLength: 1 }),
    labels: maybe(fc.constantFrom(['*'], ['stable'])),
  }),
  ({ release }) => release,
).map((selections) => [{ url: 'http://images.maas.io/ephemeral-v3/stable/', selections }]);

const tags = unique(
  fc.record({
    name,
    comment: maybe(words),
    definition: maybe(fc.constantFrom('', '//x', '//y\n')),
    kernel_options: maybe(fc.constantFrom('', 'a=1')),
  }),
  byName,
);

const domains = fc
  .tuple(
    unique(
      fc.record({
        name: fc.constantFrom('maas', 'a.example', 'b.example'),
        ttl: maybe(fc.integer({ min: 1, max: 99 })),
      }),
      byName,
    ),
    fc.nat(3),
  )
  .map(([all, chosen]) =>
    all.map((domain, index) => (index === chosen ? { ...domain, default: true } : domain)),
  );

/** Ranges of 10.N.0.0/24 from cut points, so that none overlaps; .1 and .2 are the router and a DNS server. */
const ranges = (net: number) =>
  fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: 3, max: 254 }), { maxLength: 6 }),
      fc.infiniteStream(fc.boolean()),
      maybe(words),
    )
    .map(([cuts, kinds, comment]) => {
      const points = cuts.sort((a, b) => a - b);
      return Array.from({ length: Math.floor(points.length / 2) }, (_, index) => ({
        type: kinds.next().value ? 'dynamic' : 'reserved',
        start: `10.${net}.0.${points[index * 2]}`,
        end: `10.${net}.0.${points[index * 2 + 1]}`,
        comment,
      }));
    });

const vlan = fc.record({
  vid: fc.integer({ min: 0, max: 3 }),
  name: maybe(fc.constantFrom('lan', 'wan two')),
  mtu: maybe(fc.constantFrom(1500, 9000)),
  space: maybe(fc.constantFrom('alpha', 'undefined')),
});
const fabrics = unique(
  fc.record({ name: fc.constantFrom('fabric-0', 'left', 'right'), vlans: unique(vlan, ({ vid }) => vid) }),
  byName,
).map((all) =>
  // The untagged VLAN has no name of its own; subnets lie in left and right.
  ['left', 'right', 'fabric-0'].map((fabric) => ({
    name: fabric,
    vlans: (all.find((one) => one.name === fabric)?.vlans ?? []).map((one) =>
      one.vid === 0 ? { ...one, name: undefined } : one,
    ),
  })),
);

const subnet = (net: number) =>
  fc.record({
    cidr: fc.constant(`10.${net}.0.0/24`),
    fabric: fc.constantFrom('left', 'right'),
    gateway: maybe(fc.constantFrom('none', `10.${net}.0.1`)),
    dns_servers: maybe(fc.constantFrom([], [`10.${net}.0.2`, '1.1.1.1'])),
    description: maybe(words),
    managed: maybe(fc.boolean()),
    allow_dns: maybe(fc.boolean()),
    ranges: ranges(net),
    dhcp: fc.constantFrom<object | undefined>(undefined, { enabled: false }, {}),
  });

/** DHCP of left and right: on or off where a subnet has a dynamic range, else off; written at the VLAN or at a subnet. */
const networks = fc
  .tuple(fabrics, fc.tuple(subnet(1), subnet(2), subnet(3)), fc.boolean())
  .map(([fabrics, subnets, atSubnet]) => {
    for (const name of ['left', 'right']) {
      const inside = subnets.filter(({ fabric }) => fabric === name);
      const served = inside.find(({ ranges }) => ranges.some(({ type }) => type === 'dynamic'));
      const dhcp = (served && subnets[0]?.dhcp) ?? { enabled: false };
      const vlans = fabrics.find((fabric) => fabric.name === name)?.vlans as { vid: number }[];
      if (!vlans.some(({ vid }) => vid === 0)) vlans.push({ vid: 0 });
      const untagged = vlans.find(({ vid }) => vid === 0) as object;
      Object.assign((atSubnet ? (served ?? inside[0]) : undefined) ?? untagged, { speaks: dhcp });
    }
    const speaking = <T extends object>(one: T) => {
      const { dhcp: _, speaks, ...rest } = one as { dhcp?: object; speaks?: object };
      return speaks ? { ...rest, dhcp: speaks } : rest;
    };
    return {
      fabrics: fabrics.map((fabric) => ({ ...fabric, vlans: fabric.vlans.map(speaking) })),
      subnets: subnets.map(speaking),
    };
  });

const site = fc
  .record(
    { region, ssh_keys: keys, boot_sources: sources, zones: named, pools: named, tags, domains },
    { requiredKeys: [] },
  )
  .chain((flat) =>
    fc
      .tuple(networks, fc.subarray(['tags', 'zones', 'pools', 'ssh_keys', 'domains', 'vlans', 'selections']))
      .map(([networks, prune]) => {
        const written: Record<string, unknown> = {
          ...flat,
          spaces: [{ name: 'alpha' }],
          ...networks,
        };
        // A series that is used for commissioning must stay selected.
        const selectable =
          flat.boot_sources?.[0]?.selections.some(({ release }) => release === 'focal') &&
          flat.boot_sources[0].selections.some(({ release }) => release === 'jammy');
        const sections: Record<string, boolean> = {
          vlans: true,
          selections: selectable === true,
        };
        // Ranges of an earlier file would be in the way.
        return {
          ...written,
          prune: ['ranges', ...prune.filter((section) => sections[section] ?? section in flat)],
        };
      }),
  );

describe.each(['2.8', '3.8'])('random site files on MAAS %s', (family) => {
  let maas: Maas;
  beforeAll(async () => {
    maas = await Maas.start({ family });
  });
  afterAll(() => maas.stop());

  it('have an empty plan once they are applied, whatever was there before, and so has the export', async () => {
    await fc.assert(
      fc.asyncProperty(site, async (written) => {
        const text = stringify(written, { keepUndefined: false });
        await maas.apply(text);
        expect(await maas.changes(text)).toEqual([]);
        const requests = await maas.requestsOf(() => maas.apply(text));
        expect(requests.filter(({ method }) => method !== 'GET')).toEqual([]);
        const exported = exportText(await readEverything(maas.client), maas.sandbox.url, maas.dir);
        expect(await maas.changes(exported)).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });
});
