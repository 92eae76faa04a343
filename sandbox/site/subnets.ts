import { json, type Reply, refuse, removed } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { type Cidr, contains, overlap, parseAddress, parseCidr } from './address.ts';
import { type Fields, fieldsOf, REQUIRED, referred, wrongField, wrongForm } from './fields.ts';
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
    // A CIDR may stand there as it is, with its slash.
    matching: { id: '[^/]+(?:/\\d{1,3})?' },
    operations: {
      GET: {
        kind: 'subnet-read',
        for: 'maas command',
        run: (call) => json(200, showSubnet(call, subnetAt(call))),
      },
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

/** The answer of MAAS to a form: values that it keeps as null are still empty texts. */
const saved = (call: Call, subnet: Subnet): Reply =>
  json(200, { ...showSubnet(call, subnet), gateway_ip: subnet.gateway_ip ?? '' });

/** The subnet of the URL: an id, a CIDR, a name, or what a prefix says it is. */
function subnetAt({ world, at }: Call): Subnet {
  const { site } = world.store.state;
  const wanted = at.id as string;
  const [, prefix, value = wanted] = /^(id|cidr|name|vid|vlan|space|ip):(.*)$/s.exec(wanted) ?? [];
  const vlanOf = (subnet: Subnet) => site.vlans.find(({ id }) => id === subnet.vlan);
  const tests: Record<string, (subnet: Subnet) => boolean> = {
    id: ({ id }) => String(id) === value,
    cidr: ({ cidr }) => cidr === parseCidr(value)?.text,
    name: ({ name }) => name === value,
    vid: (subnet) => String(vlanOf(subnet)?.vid) === value,
    vlan: (subnet) => String(vlanOf(subnet)?.vid) === value,
    space: (subnet) => spaceName(site, vlanOf(subnet)) === value,
    ip: ({ cidr }) => {
      const address = parseAddress(value);
      return address !== undefined && contains(parseCidr(cidr) as Cidr, address);
    },
  };
  const ways = prefix ? [prefix] : ['id', 'cidr', 'name'];
  const found = ways
    .map((way) => site.subnets.find(tests[way] as (subnet: Subnet) => boolean))
    .find((subnet) => subnet !== undefined);
  return found ?? refuse(404, 'No Subnet matches the given query.');
}

async function create(call: Call): Promise<Reply> {
  const { store } = call.world;
  const { site } = store.state;
  const fields = await fieldsOf(call);
  if (!fields.text('cidr')) fields.wrong('cidr', REQUIRED);
  const vlan = vlanOf(site, fields);
  fields.check();
  const subnet = newSubnet(-1, '', vlan, null);
  fill(call, subnet, fields);
  subnet.id = nextId(site, 'subnet');
  site.subnets.push(subnet);
  await store.save();
  return saved(call, subnet);
}

async function update(call: Call): Promise<Reply> {
  const { site } = call.world.store.state;
  const subnet = subnetAt(call);
  const fields = await fieldsOf(call);
  const vlan = referred(fields, 'vlan', site.vlans);
  fields.check();
  fill(call, subnet, fields);
  if (vlan) subnet.vlan = vlan.id;
  await call.world.store.save();
  return saved(call, subnet);
}

/** The VLAN of a new subnet: by id, by fabric and VID, or a fabric's untagged one. */
function vlanOf(site: SiteState, fields: Fields): number {
  const byId = referred(fields, 'vlan', site.vlans);
  const fabric = referred(fields, 'fabric', site.fabrics);
  const vid = fields.number('vid', 0, 4094);
  if (fields.has('space'))
    fields.wrong('space', 'Spaces may no longer be set on subnets. Set the space on the underlying VLAN.');
  fields.check();
  if (byId && fabric && byId.fabric !== fabric.id)
    wrongField('vlan', `VLAN ${byId.vid} is not in fabric ${fabric.name}.`);
  if (byId) return byId.id;
  const home = fabric?.id ?? site.fabrics[0]?.id ?? 0;
  if (!vid) return defaultVlan(site, home).id;
  const found = site.vlans.find((one) => one.fabric === home && one.vid === vid);
  return (
    found?.id ??
    wrongField('vid', `No VLAN with vid ${vid} in ${fabric ? `fabric ${fabric.name}` : 'default fabric'}.`)
  );
}

const RDNS_MODES = ['0', '1', '2'];

/** MAAS' SubnetForm. */
function fill(call: Call, subnet: Subnet, fields: Fields) {
  const { site } = call.world.store.state;
  const cidr = parseCidr(fields.text('cidr') ?? subnet.cidr);
  if (!cidr) fields.wrong('cidr', 'Required format: <network>/<prefixlen>.');
  else if (cidr.length === 0) fields.wrong('cidr', 'Prefix length must be greater than 0.');
  const rdns = fields.text('rdns_mode');
  if (rdns && !RDNS_MODES.includes(rdns))
    fields.wrong('rdns_mode', `Select a valid choice. ${rdns} is not one of the available choices.`);
  const gateway = fields.text('gateway_ip');
  const address = gateway ? parseAddress(gateway) : undefined;
  if (gateway && !address) fields.wrong('gateway_ip', 'Enter a valid IPv4 or IPv6 address.');
  const servers = fields.list('dns_servers')?.flatMap((list) => list.split(/[,\s]+/).filter(Boolean));
  const odd = servers?.find((server) => !parseAddress(server));
  // MAAS reads these when every field has been looked at, so the message is of none of them.
  if (odd !== undefined)
    fields.wrong('__all__', `Invalid IP address: ${odd}; provide a list of space-separated IP addresses`);
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
  if (address && !contains(network, address))
    wrongField('gateway_ip', 'Gateway IP must be within CIDR range.');
  subnet.cidr = network.text;
  subnet.name = fields.text('name') || subnet.name || network.text;
  subnet.description = fields.text('description') ?? subnet.description;
  if (gateway !== undefined) subnet.gateway_ip = gateway || null;
  subnet.dns_servers = servers ?? subnet.dns_servers;
  subnet.rdns_mode = rdns ? Number(rdns) : subnet.rdns_mode;
  for (const flag of ['managed', 'allow_dns', 'allow_proxy', 'active_discovery'] as const)
    subnet[flag] = fields.flag(flag) ?? subnet[flag];
}

async function remove(call: Call): Promise<Reply> {
  const { store } = call.world;
  const { site } = store.state;
  const subnet = subnetAt(call);
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
