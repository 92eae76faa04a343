import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../../pipeline/core/faults/fault.ts';
import { Maas } from './maas.ts';

let maas: Maas;
beforeEach(async () => {
  maas = await Maas.start();
});
afterEach(() => maas.stop());

const changing = async (site: object) =>
  (await maas.requestsOf(() => maas.apply(site)))
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path }) => `${method} ${path.replace(/^.*\/api\/2\.0\//, '')}`);

const SERVED = {
  cidr: '192.168.1.0/24',
  ranges: [{ type: 'dynamic', start: '192.168.1.191', end: '192.168.1.254' }],
  dhcp: { rack: 'maas-vm' },
};
const relayTo = (fabric: string, vlan: number) => ({ dhcp: { relay: { fabric, vlan } } });

describe('DHCP', () => {
  test('is served before anything is relayed to it, though the relay is written first', async () => {
    const site = {
      fabrics: [{ name: 'rack-a', vlans: [{ vid: 10, ...relayTo('fabric-0', 0) }] }],
      subnets: [SERVED],
    };
    const { changes } = await maas.plan(site);
    const dhcp = changes.filter(({ phase }) => phase === 'dhcp').map(({ name }) => name);
    expect(dhcp).toEqual(['VLAN fabric-0/untagged', 'VLAN rack-a/10']);
  });

  test('is not relayed to a relay, whether the file or MAAS makes it one', async () => {
    const vlans = [
      { vid: 10, ...relayTo('fabric-0', 0) },
      { vid: 11, ...relayTo('rack-a', 10) },
    ];
    const refused = (site: object) => maas.plan(site).catch((fault: Fault) => fault.message);
    expect(await refused({ fabrics: [{ name: 'rack-a', vlans }], subnets: [SERVED] })).toContain(
      'VLAN rack-a/10 is itself relayed',
    );
    await maas.apply({ fabrics: [{ name: 'rack-a', vlans: vlans.slice(0, 1) }], subnets: [SERVED] });
    expect(await refused({ fabrics: [{ name: 'rack-a', vlans: vlans.slice(1) }] })).toContain(
      'VLAN rack-a/10 is itself relayed',
    );
  });
});

describe('a subnet that goes', () => {
  const second = (start: number) => ({
    cidr: '10.7.0.0/24',
    fabric: 'fabric-0',
    vlan: 0,
    ranges: [
      { type: 'dynamic', start: `10.7.0.${start}`, end: `10.7.0.${start + 9}` },
      { type: 'reserved', start: '10.7.0.2', end: '10.7.0.9' },
    ],
  });

  test('takes its dynamic ranges with it, which MAAS would not: it keeps a subnet whose addresses DHCP gives out', async () => {
    await maas.apply({ subnets: [SERVED, second(100)] });
    const of = (await maas.get('ipranges/')) as { id: number; start_ip: string; subnet: { id: number } }[];
    const range = of.find(({ start_ip: start }) => start === '10.7.0.100');
    const sent = await changing({ subnets: [SERVED], prune: ['subnets'] });
    const at = sent.indexOf(`DELETE subnets/${range?.subnet.id}/`);
    expect(sent[at - 1]).toBe(`DELETE ipranges/${range?.id}/`);
    expect(sent.filter((line) => line.startsWith('DELETE ipranges/'))).toHaveLength(1);
    const left = (await maas.get('ipranges/')) as { start_ip: string }[];
    expect(left.map(({ start_ip: start }) => start)).toEqual(['192.168.1.191']);
  });
});
