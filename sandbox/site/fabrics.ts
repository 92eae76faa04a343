import { json, type Reply, refuse, removed } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { fabricAt } from './fabric-at.ts';
import { type Fields, fieldsOf } from './fields.ts';
import { type Fabric, newVlan, nextId, type SiteState } from './state.ts';
import { showVlan } from './vlans.ts';

export const fabricRoutes: Route[] = [
  {
    path: 'fabrics/',
    operations: {
      GET: {
        kind: 'fabrics',
        run: ({ world: { store } }) =>
          json(
            200,
            store.state.site.fabrics.map((fabric) => shown(store.state.site, fabric)),
          ),
      },
      POST: { kind: 'fabric-create', admin: true, run: create },
    },
  },
  {
    path: 'fabrics/{id}/',
    operations: {
      GET: {
        kind: 'fabric-read',
        for: 'maas command',
        run: (call) => json(200, shown(call.world.store.state.site, fabricAt(call))),
      },
      PUT: { kind: 'fabric-update', for: 'maas command', admin: true, run: update },
      DELETE: { kind: 'fabric-delete', admin: true, run: remove },
    },
  },
];

function shown(site: SiteState, fabric: Fabric) {
  return {
    class_type: fabric.class_type,
    name: fabric.name,
    id: fabric.id,
    vlans: site.vlans.filter((vlan) => vlan.fabric === fabric.id).map((vlan) => showVlan(site, vlan)),
    resource_uri: `${API}fabrics/${fabric.id}/`,
  };
}

async function create(call: Call): Promise<Reply> {
  const { store } = call.world;
  const { site } = store.state;
  const fabric: Fabric = { id: -1, name: '', description: '', class_type: null };
  fill(site, fabric, await fieldsOf(call));
  fabric.id = nextId(site, 'fabric');
  fabric.name ||= `fabric-${fabric.id}`;
  site.fabrics.push(fabric);
  // A fabric is never without its untagged VLAN.
  site.vlans.push(newVlan(nextId(site, 'vlan'), fabric.id, 0, 'Default VLAN'));
  await store.save();
  return json(200, shown(site, fabric));
}

async function update(call: Call): Promise<Reply> {
  const { store } = call.world;
  const fabric = fabricAt(call);
  fill(store.state.site, fabric, await fieldsOf(call));
  await store.save();
  return json(200, shown(store.state.site, fabric));
}

function fill(site: SiteState, fabric: Fabric, fields: Fields) {
  const name = fields.text('name') || fabric.name;
  if (name && !/^[\w-]+$/.test(name)) fields.wrong('name', `Invalid fabric name: ${name}.`);
  else if (/^fabric-\d+$/.test(name) && name !== `fabric-${fabric.id}`)
    fields.wrong('name', 'Reserved fabric name.');
  if (site.fabrics.some((other) => other !== fabric && name !== '' && other.name === name))
    fields.wrong('name', 'Fabric with this Name already exists.');
  fields.check();
  fabric.name = name;
  fabric.description = fields.text('description') ?? fabric.description;
  fabric.class_type = fields.text('class_type') || fabric.class_type;
}

async function remove(call: Call): Promise<Reply> {
  const { store } = call.world;
  const { site } = store.state;
  const fabric = fabricAt(call);
  if (fabric.id === 0) refuse(400, 'This fabric is the default fabric, it cannot be deleted.');
  const vlans = site.vlans.filter((vlan) => vlan.fabric === fabric.id);
  const of = (vlan: number) => vlans.some(({ id }) => id === vlan);
  const subnets = site.subnets.filter((subnet) => of(subnet.vlan)).map(({ cidr }) => cidr);
  if (subnets.length)
    refuse(400, `Can't delete fabric; the following subnets are still present: ${subnets.sort().join(', ')}`);
  const cards = site.racks.flatMap(({ hostname, interfaces }) =>
    interfaces.filter((card) => of(card.vlan)).map((card) => `${card.name} (physical) on ${hostname}`),
  );
  if (cards.length)
    refuse(400, `Can't delete fabric; the following interfaces are still connected: ${cards.join(', ')}`);
  site.fabrics = site.fabrics.filter((other) => other !== fabric);
  site.vlans = site.vlans.filter((vlan) => !vlans.includes(vlan));
  for (const vlan of site.vlans) if (of(vlan.relay_vlan ?? -1)) vlan.relay_vlan = null;
  await store.save();
  return removed();
}
