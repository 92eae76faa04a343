import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import fc from '../../property.ts';
import { KEY, load } from './written.ts';

/** A file that uses every key there is. */
const FULL = {
  region: {
    name: 'a',
    upstream_dns: ['1.1.1.1'],
    dnssec: 'auto',
    ntp_servers: ['ntp.example'],
    ntp_external_only: true,
    proxy: { mode: 'peer', url: 'http://p.example:3128', username: 'u', password: { environment: 'PATH' } },
    default_os: 'ubuntu',
    default_series: 'jammy',
    commissioning_series: 'jammy',
    kernel_options: 'a=b',
    storage_layout: 'flat',
    intro_completed: true,
  },
  ssh_keys: [{ key: `${KEY} me` }, { import: 'gh:me' }],
  boot_sources: [
    {
      url: 'http://a.example/b/',
      keyring_file: '/k',
      selections: [{ os: 'ubuntu', release: 'jammy', arches: ['amd64'], subarches: ['*'], labels: ['*'] }],
    },
  ],
  import: { wait: false, timeout: '1h' },
  spaces: [{ name: 'dmz', description: 'x' }],
  fabrics: [
    {
      name: 'f',
      vlans: [
        { vid: 0, mtu: 1500, space: 'dmz' },
        { vid: 5, name: 'five', dhcp: { relay: { fabric: 'f', vlan: 0 } } },
      ],
    },
  ],
  subnets: [
    {
      cidr: '10.0.0.0/24',
      name: 'lan',
      description: 'x',
      fabric: 'f',
      vlan: 0,
      gateway: '10.0.0.1',
      dns_servers: ['10.0.0.2'],
      managed: true,
      active_discovery: false,
      allow_dns: true,
      allow_proxy: true,
      dhcp: { rack: 'r', secondary_rack: 's' },
      ranges: [{ type: 'dynamic', start: '10.0.0.10', end: '10.0.0.20', comment: 'c' }],
    },
  ],
  zones: [{ name: 'z' }],
  pools: [{ name: 'p' }],
  tags: [{ name: 't', comment: 'c', definition: '//x', kernel_options: 'q' }],
  domains: [{ name: 'd.example', authoritative: true, ttl: 60, default: true }],
  prune: ['ranges', 'tags', 'vlans', 'selections'],
};

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Every path into a value. */
function paths(value: Json, at: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [at];
  const entries: [string | number, Json][] = Array.isArray(value)
    ? value.map((item, i) => [i, item])
    : Object.entries(value);
  return [...(at.length ? [at] : []), ...entries.flatMap(([key, member]) => paths(member, [...at, key]))];
}

function replaced(value: Json, [step, ...rest]: (string | number)[], by: Json | undefined): Json | undefined {
  if (step === undefined) return by;
  const copy = structuredClone(value) as Record<string | number, Json>;
  const member = replaced(copy[step] as Json, rest, by);
  if (member === undefined) delete copy[step];
  else copy[step] = member;
  return (Array.isArray(copy) ? copy.filter((item: Json | undefined) => item !== undefined) : copy) as Json;
}

it('a file with every key is valid', async () => {
  await expect(load(stringify(FULL), { PATH: 'secret' })).resolves.toBeDefined();
});

it('any value in place of one of its values is taken by the loader, or its error has a position', async () => {
  const value = fc.oneof(
    fc.constantFrom<Json | undefined>(
      undefined,
      null,
      '',
      'x',
      '10.0.0.5',
      '10.0.0.0/8',
      'fd00::1',
      -1,
      1e9,
      true,
      [],
      {},
      [null],
      [{}],
      { name: 1 },
    ),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths(FULL as unknown as Json)), value, async (path, by) => {
      const text = stringify(replaced(FULL as unknown as Json, path, by as Json | undefined) ?? null);
      try {
        await load(text, { PATH: 'secret' });
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
        expect((error as Fault).code).toMatch(/^CONFIG_/);
        expect((error as Fault).where?.line).toBeGreaterThan(0);
      }
    }),
    { numRuns: 200 },
  );
});

it('every key of the schema is in the guide', () => {
  const root = join(import.meta.dirname, '../../..');
  const schema = JSON.parse(readFileSync(join(root, 'schema/site.schema.json'), 'utf8'));
  const guide = readFileSync(join(root, 'docs/site-reference.md'), 'utf8');
  const keys = new Set<string>();
  const collect = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, member] of Object.entries(node)) {
      if (key === 'properties') for (const name of Object.keys(member as object)) keys.add(name);
      collect(member);
    }
  };
  collect(schema);
  expect(keys.size).toBeGreaterThan(50);
  expect([...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(guide))).toEqual([]);
});
