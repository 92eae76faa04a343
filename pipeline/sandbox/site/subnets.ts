import { type Cidr, contains, overlap, parseAddress, parseCidr } from '../../site/address.ts';
import { json, type Reply, refuse, removed } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { type Fields, fieldsOf, REQUIRED, wrongField, wrongForm } from './fields.ts';
import { newSubnet, nextId, type SiteState, type Subnet } from './state.ts';
import { defaultVlan, showVlan, spaceName } from './vlans.ts';

export const subnetRoutes: Route[] = [
  {
    path: 'subnets/',
    operations: {
      GET: {
        kind: 'subnets',
        run: (call) =>
          json(
            200,
            call.world.store.state.site.subnets.map((subnet) => showSubnet(call, subnet)),
          ),
      },
      POST: { kind: 'subnet-create', admin: true, run: create },
    },
  },
  {
    path: 'subnets/{id}/',
    operations: {
      GET: { kind: 'subnet-read', run: (call) => json(200, showSubnet(call, found(call))) },
      PUT: { kind: 'subnet-update', admin: true, run: update },
      DELETE: { kind: 'subnet-delete', admin: true, run: remove },
    },
  },
];

/** A subnet, as it also stands inside an IP range. */
export function showSubnet({ world }: Call, subnet: Subnet): object {
  const { site } = world.store.state;
  const vlan = site.vlans.find(({ id }) => id === subnet.vlan);
  return {
    name: subnet.name,
    description: subnet.description,
    vlan: vlan ? showVlan(site, vlan) : null,
    cidr: subnet.cidr,
    rdns_mode: subnet.rdns_mode,
    gateway_ip: subnet.gateway_ip,
    dns_servers: subnet.dns_servers,
    allow_dns: subnet.allow_dns,
    allow_proxy: subnet.allow_proxy,
    active_discovery: subnet.active_discovery,
    managed: subnet.managed,
    disabled_boot_architectures: world.traits.disabledBootArchitectures ? [] : undefined,
    id: subnet.id,
    space: spaceName(site, vlan),
    resource_uri: `${API}subnets/${subnet.id}/`,
  };
}

function found({ world, at }: Call): Subnet {
  const wanted = decodeURIComponent(at.id as string);
  return (
    world.store.state.site.subnets.find(
      ({ id, cidr, name }) => String(id) === wanted || cidr === wanted || name === wanted,
    ) ?? refuse(404, 'No Subnet matches the given query.')
  );
}

async function create(call: Call): Promise<Reply> {
  const { store } = call.world;
  const { site } = store.state;
  const fields = await fieldsOf(call);
  if (!fields.text('cidr')) wrongField('cidr', REQUIRED);
  const subnet = newSubnet(-1, '', vlanOf(site, fields), null);
  fill(call, subnet, fields);
  subnet.id = nextId(site, 'subnet');
  site.subnets.push(subnet);
  await store.save();
  return json(200, showSubnet(call, subnet));
}

async function update(call: Call): Promise<Reply> {
  const { site } = call.world.store.state;
  const subnet = found(call);
  const fields = await fieldsOf(call);
  const vlan = fields.text('vlan');
  if (vlan !== undefined && !site.vlans.some(({ id }) => String(id) === vlan))
    wrongField('vlan', 'Select a valid choice. That choice is not one of the available choices.');
  fill(call, subnet, fields);
  if (vlan !== undefined) subnet.vlan = Number(vlan);
  await call.world.store.save();
  return json(200, showSubnet(call, subnet));
}

/** Where a new subnet goes: to a VLAN by id, by fabric and VID, or to the default fabric's untagged one. */
function vlanOf(site: SiteState, fields: Fields): number {
  const byId = fields.text('vlan');
  const fabric = Number(fields.text('fabric') ?? 0);
  const vid = fields.text('vid');
  const vlan = byId
    ? site.vlans.find(({ id }) => String(id) === byId)
    : vid && vid !== '0'
      ? site.vlans.find((one) => one.fabric === fabric && String(one.vid) === vid)
      : defaultVlan(site, fabric);
  if (!vlan && byId)
    wrongField('vlan', 'Select a valid choice. That choice is not one of the available choices.');
  return vlan?.id ?? wrongField('vid', `No VLAN with vid ${vid} in default fabric.`);
}

/** MAAS' SubnetForm. */
function fill(call: Call, subnet: Subnet, fields: Fields) {
  const { site } = call.world.store.state;
  const text = fields.text('cidr') ?? subnet.cidr;
  const cidr = parseCidr(text);
  if (!cidr) fields.wrong('cidr', 'Required format: <network>/<prefixlen>.');
  else if (cidr.length === 0) fields.wrong('cidr', 'Prefix length must be greater than 0.');
  fields.check();
  const network = cidr as Cidr;
  const others = site.subnets.filter((other) => other !== subnet);
  if (others.some((other) => other.cidr === network.text))
    wrongField('cidr', 'Subnet with this Cidr already exists.');
  if (
    call.world.traits.refusesSubnetOverlap &&
    others.some((other) => overlap(parseCidr(other.cidr) as Cidr, network))
  )
    wrongForm(`Subnet ${network.text} would overlap with existing subnets.`);
  const gateway = fields.text('gateway_ip');
  if (gateway) {
    const address = parseAddress(gateway);
    if (!address) wrongField('gateway_ip', 'Enter a valid IPv4 or IPv6 address.');
    else if (!contains(network, address)) wrongField('gateway_ip', 'Gateway IP must be within CIDR range.');
  }
  const servers = fields.list('dns_servers')?.flatMap((list) => list.split(/[,\s]+/).filter(Boolean));
  for (const server of servers ?? [])
    if (!parseAddress(server))
      wrongField(
        'dns_servers',
        `Invalid IP address: ${server}; provide a list of space-separated IP addresses`,
      );
  subnet.cidr = network.text;
  subnet.name = fields.text('name') || subnet.name || network.text;
  subnet.description = fields.text('description') ?? subnet.description;
  if (gateway !== undefined) subnet.gateway_ip = gateway || null;
  subnet.dns_servers = servers ?? subnet.dns_servers;
  for (const flag of ['managed', 'allow_dns', 'allow_proxy', 'active_discovery'] as const)
    subnet[flag] = fields.flag(flag) ?? subnet[flag];
}

async function remove(call: Call): Promise<Reply> {
  const { store } = call.world;
  const { site } = store.state;
  const subnet = found(call);
  const vlan = site.vlans.find(({ id }) => id === subnet.vlan);
  if (vlan?.dhcp_on && site.ranges.some((range) => range.subnet === subnet.id && range.type === 'dynamic'))
    refuse(
      400,
      'Cannot delete a subnet that is actively servicing a dynamic IP range. (Delete the dynamic range or disable DHCP first.)',
    );
  site.subnets = site.subnets.filter((other) => other !== subnet);
  site.ranges = site.ranges.filter((range) => range.subnet !== subnet.id);
  await store.save();
  return removed();
}
