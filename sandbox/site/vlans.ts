import { json, type Reply, refuse, removed } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { fabricAt } from './fabric-at.ts';
import { type Fields, fieldsOf, NO_CHOICE, REQUIRED, wrongField, wrongForm } from './fields.ts';
import { newVlan, nextId, type SiteState, type Vlan } from './state.ts';

const LEAST_MTU = 552;

const operations: Route['operations'] = {
  GET: {
    kind: 'vlan-read',
    for: 'maas command',
    run: (call) => json(200, showVlan(call.world.store.state.site, found(call))),
  },
  PUT: { kind: 'vlan-update', admin: true, run: update },
  DELETE: { kind: 'vlan-delete', admin: true, run: remove },
};

/** The target of a VLAN's resource_uri. */
const linked: Route['operations'] = Object.fromEntries(
  Object.entries(operations).map(([name, operation]) => [name, { ...operation, for: 'link' }]),
);

export const vlanRoutes: Route[] = [
  { path: 'fabrics/{fabric_id}/vlans/{vid}/', operations },
  { path: 'vlans/{vlan_id}/', operations: linked },
  {
    path: 'fabrics/{fabric_id}/vlans/',
    operations: {
      GET: { kind: 'vlans', for: 'maas command', run: list },
      POST: { kind: 'vlan-create', admin: true, run: create },
    },
  },
];

/** A VLAN with its names in place of ids, as it also stands inside fabrics and subnets. */
export function showVlan(site: SiteState, vlan: Vlan): object {
  const relay = site.vlans.find(({ id }) => id === vlan.relay_vlan);
  return {
    vid: vlan.vid,
    mtu: vlan.mtu,
    dhcp_on: vlan.dhcp_on,
    external_dhcp: null,
    relay_vlan: relay ? showVlan(site, { ...relay, relay_vlan: null }) : null,
    fabric: site.fabrics.find(({ id }) => id === vlan.fabric)?.name,
    fabric_id: vlan.fabric,
    primary_rack: vlan.primary_rack,
    secondary_rack: vlan.secondary_rack,
    name: isDefault(site, vlan) ? 'untagged' : vlan.name,
    id: vlan.id,
    space: spaceName(site, vlan),
    resource_uri: `${API}vlans/${vlan.id}/`,
  };
}

export function spaceName(site: SiteState, vlan: Vlan | undefined): string {
  return site.spaces.find(({ id }) => id === vlan?.space)?.name ?? 'undefined';
}

/** The first VLAN of a fabric; it cannot be deleted and has no name of its own. */
export function defaultVlan(site: SiteState, fabric: number): Vlan {
  const all = site.vlans.filter((vlan) => vlan.fabric === fabric);
  return all.reduce((first, vlan) => (vlan.id < first.id ? vlan : first));
}

const isDefault = (site: SiteState, vlan: Vlan) => defaultVlan(site, vlan.fabric).id === vlan.id;

function found(call: Call): Vlan {
  const { vlans } = call.world.store.state.site;
  const { vlan_id: wanted, vid = '' } = call.at;
  if (wanted !== undefined)
    return (
      vlans.find(({ id }) => String(id) === wanted) ?? refuse(404, 'VLAN with specified ID does not exist.')
    );
  const fabric = fabricAt(call);
  const of = vlans.filter((vlan) => vlan.fabric === fabric.id);
  const [, prefix, value = vid] = /^(id|name|vid):(.*)$/s.exec(vid) ?? [];
  const number = value === 'untagged' && prefix !== 'name' ? '0' : value;
  const key = prefix === 'id' || prefix === 'name' ? prefix : 'vid';
  return of.find((vlan) => String(vlan[key]) === number) ?? refuse(404, 'No VLAN matches the given query.');
}

function list(call: Call): Reply {
  const { site } = call.world.store.state;
  const fabric = fabricAt(call);
  return json(
    200,
    site.vlans.filter((vlan) => vlan.fabric === fabric.id).map((vlan) => showVlan(site, vlan)),
  );
}

async function create(call: Call): Promise<Reply> {
  const { store } = call.world;
  const { site } = store.state;
  const fields = await fieldsOf(call);
  if (!fields.text('vid')) wrongField('vid', REQUIRED);
  const vlan = newVlan(-1, fabricAt(call).id, -1, null);
  fill(site, vlan, fields);
  vlan.id = nextId(site, 'vlan');
  site.vlans.push(vlan);
  await store.save();
  return json(200, showVlan(site, vlan));
}

async function update(call: Call): Promise<Reply> {
  const { store } = call.world;
  const vlan = found(call);
  fill(store.state.site, vlan, await fieldsOf(call));
  await store.save();
  return json(200, showVlan(store.state.site, vlan));
}

/** MAAS' VLANForm, with its rules of DHCP, racks and relays. */
function fill(site: SiteState, vlan: Vlan, fields: Fields) {
  const vid = fields.number('vid', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) ?? vlan.vid;
  if (vid < 0 || vid > 4094) fields.wrong('vid', 'VID must be between 0 and 4094.');
  const mtu = fields.number('mtu', LEAST_MTU, Number.MAX_SAFE_INTEGER) ?? vlan.mtu;
  if (mtu > 65_535) fields.wrong('mtu', 'MTU must be between 552 and 65535.');
  const name = fields.text('name');
  if (name && !/^\w[ \w-]*$/.test(name)) fields.wrong('name', 'Enter a valid value.');
  const space = spaceOf(site, fields);
  const primary = rackOf(site, fields, 'primary_rack') ?? vlan.primary_rack;
  const standIn = rackOf(site, fields, 'secondary_rack');
  // A secondary rack that becomes the primary one leaves its place.
  const secondary = standIn ?? (primary === vlan.secondary_rack ? null : vlan.secondary_rack);
  const dhcp = fields.flag('dhcp_on') ?? vlan.dhcp_on;
  const dynamic = site.ranges.some(
    (range) =>
      range.type === 'dynamic' &&
      site.subnets.some(({ id, vlan: on }) => id === range.subnet && on === vlan.id),
  );
  if (dhcp && !dynamic)
    fields.wrong('dhcp_on', 'dhcp can only be turned on when a dynamic IP range is defined.');
  const relay = relayOf(site, vlan, fields);
  fields.check();
  if (site.vlans.some((other) => other !== vlan && other.fabric === vlan.fabric && other.vid === vid))
    wrongForm('A VLAN with the specified VID already exists in the destination fabric.');
  if (standIn && standIn === vlan.primary_rack)
    wrongForm(`${standIn} is already set as the primary rack controller`);
  if (primary && primary === secondary) wrongForm('The primary and secondary rack must be different');
  if (dhcp && !primary) wrongForm('dhcp can only be turned on when a primary rack controller is set.');
  Object.assign(vlan, {
    vid,
    mtu,
    dhcp_on: dhcp,
    primary_rack: primary,
    secondary_rack: secondary,
    space: space === undefined ? vlan.space : space,
  });
  if (name !== undefined) vlan.name = name || null;
  vlan.description = fields.text('description') ?? vlan.description;
  // A relay and DHCP exclude each other.
  vlan.relay_vlan = dhcp ? null : relay === undefined ? vlan.relay_vlan : relay;
}

function spaceOf(site: SiteState, fields: Fields): number | null | undefined {
  const wanted = fields.text('space');
  if (wanted === undefined) return undefined;
  if (wanted === '' || wanted === 'undefined') return null;
  const space = site.spaces.find(({ id, name }) => name === wanted || String(id) === wanted);
  return space ? space.id : fields.wrong('space', NO_CHOICE);
}

function rackOf(site: SiteState, fields: Fields, field: string): string | undefined {
  const wanted = fields.text(field);
  if (!wanted) return undefined;
  return site.racks.some(({ system_id }) => system_id === wanted) ? wanted : fields.wrong(field, NO_CHOICE);
}

function relayOf(site: SiteState, vlan: Vlan, fields: Fields): number | null | undefined {
  const wanted = fields.text('relay_vlan');
  if (wanted === undefined) return undefined;
  if (wanted === '') return null;
  const other = site.vlans.find(({ id }) => String(id) === wanted);
  const possible = other && other !== vlan && other.relay_vlan === null && !vlan.dhcp_on;
  return possible ? other.id : fields.wrong('relay_vlan', NO_CHOICE);
}

async function remove(call: Call): Promise<Reply> {
  const { store } = call.world;
  const { site } = store.state;
  const vlan = found(call);
  if (isDefault(site, vlan))
    refuse(400, 'This VLAN is the default VLAN in the fabric, it cannot be deleted.');
  const home = defaultVlan(site, vlan.fabric).id;
  for (const subnet of site.subnets) if (subnet.vlan === vlan.id) subnet.vlan = home;
  for (const other of site.vlans) if (other.relay_vlan === vlan.id) other.relay_vlan = null;
  site.vlans = site.vlans.filter((other) => other !== vlan);
  await store.save();
  return removed();
}
