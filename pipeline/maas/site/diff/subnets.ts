import type { Form } from '../../api/client.ts';
import { type Change, type Comparison, fieldChanges } from '../change.ts';
import type { LiveSubnet } from '../live-site.ts';
import { wrong } from '../rules/rule.ts';
import type { Subnet } from '../site.ts';
import { vlanName } from './fabrics.ts';
import { checkVlanExists } from './vlan-exists.ts';

/** Subnets, but for their ranges and DHCP. */
export function subnetChanges(comparison: Comparison): Change[] {
  const { site, current } = comparison;
  const wanted = site.subnets;
  if (!wanted) return [];
  const old = current.subnets.filter(
    ({ cidr }) => site.prune.has('subnets') && !wanted.some((subnet) => subnet.cidr === cidr),
  );
  return [
    ...old.map((subnet) => deletion(subnet, comparison)),
    ...wanted.flatMap((subnet) =>
      change(
        subnet,
        current.subnets.find(({ cidr }) => cidr === subnet.cidr),
        comparison,
      ),
    ),
  ];
}

const vlanField = (vlan: { fabric: string; vid: number }) =>
  vlanName(vlan.fabric, vlan.vid).replace('VLAN ', '');

function change(wanted: Subnet, have: LiveSubnet | undefined, comparison: Comparison): Change[] {
  const { cidr, vlan, path } = wanted;
  if (vlan) checkVlanExists(vlan, path, comparison);
  else if (!have) {
    const known = comparison.current.subnets.map((subnet) => subnet.cidr).join(', ') || 'none';
    comparison.problems.push(
      wrong(
        [...path, 'cidr'],
        `${cidr} is new to MAAS: in which fabric is it?`,
        `fabric: NAME; MAAS has ${known}`,
      ),
    );
  }
  const fields = fieldChanges([
    ['vlan', have ? vlanField(have.vlan) : null, vlan ? vlanField(vlan) : undefined],
    ['name', have?.name ?? cidr, wanted.name],
    ['description', have?.description ?? '', wanted.description],
    ['gateway', have?.gateway ?? null, wanted.gateway],
    ['dns_servers', have?.dnsServers ?? [], wanted.dnsServers],
    ['managed', have?.managed ?? true, wanted.managed],
    ['active_discovery', have?.activeDiscovery ?? false, wanted.activeDiscovery],
    ['allow_dns', have?.allowDns ?? true, wanted.allowDns],
    ['allow_proxy', have?.allowProxy ?? true, wanted.allowProxy],
  ]);
  if (have && fields.length === 0) return [];
  return [
    {
      kind: have ? 'update' : 'create',
      phase: 'subnets',
      name: `subnet ${cidr}`,
      fields,
      path,
      keys: {
        gateway_ip: [...path, 'gateway'],
        vlan: [...path, 'fabric'],
        __all__: [...path, 'dns_servers'],
      },
      async run({ client, ids }) {
        const form: Form = { ...formOf(wanted), ...(vlan ? { vlan: ids.vlan(vlan) } : {}) };
        if (have) await client.update(`subnets/${have.id}/`, form);
        else ids.subnet(cidr, ((await client.post('subnets/', { cidr, ...form })) as { id: number }).id);
      },
    },
  ];
}

function formOf(subnet: Subnet): Form {
  const fields = {
    name: subnet.name,
    description: subnet.description,
    gateway_ip: subnet.gateway === null ? '' : subnet.gateway,
    dns_servers: subnet.dnsServers?.join(' '),
    managed: subnet.managed,
    active_discovery: subnet.activeDiscovery,
    allow_dns: subnet.allowDns,
    allow_proxy: subnet.allowProxy,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Form;
}

function deletion({ id, cidr }: LiveSubnet, { current }: Comparison): Change {
  return {
    kind: 'delete',
    phase: 'old subnets',
    name: `subnet ${cidr}`,
    fields: [],
    async run({ client }) {
      // MAAS keeps a subnet while DHCP gives out its addresses.
      for (const range of current.ranges)
        if (range.cidr === cidr && range.type === 'dynamic') await client.delete(`ipranges/${range.id}/`);
      await client.delete(`subnets/${id}/`);
    },
  };
}
