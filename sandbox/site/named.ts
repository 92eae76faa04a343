import { json, type Reply, refuse, removed } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { type Fields, fieldsOf, REQUIRED, wrongField } from './fields.ts';
import { type Named, nextId, type SiteState } from './state.ts';
import { showSubnet } from './subnets.ts';
import { showVlan } from './vlans.ts';

/** A kind of thing that has a name and a description, and nothing else that we need. */
interface Kind {
  /** The URL of all, and that of one of them. */
  all: string;
  one: string;
  /** The name for ids and fault rules. */
  id: string;
  /** MAAS' names of it: its class in a 404, its own in a sentence. */
  model: string;
  title: string;
  of: (site: SiteState) => Named[];
  key: 'id' | 'name';
  pattern: RegExp;
  misnamed: (name: string) => string;
  /** Why one of them is kept, or undefined. */
  keptBecause: (one: Named, call: Call) => string | undefined;
}

const LONGEST = 256;
const NAME_RULE = () => 'Enter a valid value.';

const KINDS: readonly Kind[] = [
  {
    all: 'zones/',
    one: 'zones/{name}/',
    id: 'zone',
    model: 'Zone',
    title: 'Physical zone',
    of: (site) => site.zones,
    key: 'name',
    pattern: /^\w[ \w-]*$/,
    misnamed: NAME_RULE,
    keptBecause: ({ name }) =>
      name === 'default' ? 'This zone is the default zone, it cannot be deleted.' : undefined,
  },
  {
    all: 'resourcepools/',
    one: 'resourcepool/{id}/',
    id: 'pool',
    model: 'ResourcePool',
    title: 'Resource pool',
    of: (site) => site.pools,
    key: 'id',
    pattern: /^\w[ \w-]*$/,
    misnamed: NAME_RULE,
    keptBecause: ({ id }, { world }) => {
      if (id === 0) return 'This is the default pool, it cannot be deleted.';
      const taken = world.store.state.machines.machines.some(({ pool }) => pool === id);
      return taken ? 'Pool has machines in it, it cannot be deleted.' : undefined;
    },
  },
  {
    all: 'spaces/',
    one: 'spaces/{id}/',
    id: 'space',
    model: 'Space',
    title: 'Space',
    of: (site) => site.spaces,
    key: 'id',
    pattern: /^[\w-]+$/,
    misnamed: (name) => `Invalid space name: ${name}.`,
    keptBecause: () => undefined,
  },
];

/** The value that MAAS shows for the space of a VLAN that has none. */
const UNDEFINED: Named = {
  id: -1,
  name: 'undefined',
  description: 'Backward compatibility object to ensure objects not associated with a space can be found.',
};

export const namedRoutes: Route[] = KINDS.flatMap(routesOf);

function routesOf(kind: Kind): Route[] {
  const { id } = kind;
  return [
    {
      path: kind.all,
      operations: {
        GET: { kind: kind.all.slice(0, -1), run: (call) => list(kind, call) },
        POST: { kind: `${id}-create`, admin: true, run: (call) => create(kind, call) },
      },
    },
    {
      path: kind.one,
      operations: {
        GET: {
          kind: `${id}-read`,
          for: 'maas command',
          run: (call) => json(200, shown(kind, call, found(kind, call))),
        },
        PUT: { kind: `${id}-update`, admin: true, run: (call) => update(kind, call) },
        DELETE: { kind: `${id}-delete`, admin: true, run: (call) => remove(kind, call) },
      },
    },
  ];
}

function list(kind: Kind, call: Call): Reply {
  const { site } = call.world.store.state;
  const all = kind.of(site).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const homeless = kind.id === 'space' && site.vlans.some(({ space }) => space === null);
  return json(
    200,
    [...all, ...(homeless ? [UNDEFINED] : [])].map((one) => shown(kind, call, one)),
  );
}

function shown(kind: Kind, call: Call, one: Named) {
  const key = one.id === UNDEFINED.id ? one.name : one[kind.key];
  return {
    ...one,
    ...(kind.id === 'space' ? lyingIn(call, one) : {}),
    resource_uri: `${API}${kind.one.replace(/\{\w+\}/, String(key))}`,
  };
}

/** The networks of a space. */
function lyingIn(call: Call, { id }: Named) {
  const { site } = call.world.store.state;
  const vlans = site.vlans.filter(({ space }) => space === (id === UNDEFINED.id ? null : id));
  const subnets = site.subnets.filter((subnet) => vlans.some((vlan) => vlan.id === subnet.vlan));
  return {
    vlans: vlans.map((vlan) => showVlan(site, vlan)),
    subnets: subnets.map((subnet) => showSubnet(call, subnet)),
  };
}

/** MAAS takes the id or the name in the URL of a pool and a space. */
function found(kind: Kind, { world, at, method }: Call): Named {
  const wanted = at.id ?? at.name;
  if (kind.id === 'space' && (wanted === UNDEFINED.name || wanted === '-1')) {
    if (method === 'GET') return UNDEFINED;
    refuse(400, `Space cannot be ${method === 'PUT' ? 'modified' : 'deleted'}: undefined`);
  }
  const all = kind.of(world.store.state.site);
  return (
    all.find((one) => String(one[kind.key]) === wanted) ??
    all.find((one) => one.name === wanted) ??
    refuse(404, `No ${kind.model} matches the given query.`)
  );
}

async function create(kind: Kind, call: Call): Promise<Reply> {
  const { store } = call.world;
  const fields = await fieldsOf(call);
  const one: Named = { id: -1, name: '', description: '' };
  fill(kind, one, fields, kind.of(store.state.site));
  one.id = nextId(store.state.site, kind.id);
  one.name ||= `space-${one.id}`;
  kind.of(store.state.site).push(one);
  await store.save();
  return json(200, shown(kind, call, one));
}

async function update(kind: Kind, call: Call): Promise<Reply> {
  const one = found(kind, call);
  fill(kind, one, await fieldsOf(call), kind.of(call.world.store.state.site));
  await call.world.store.save();
  return json(200, shown(kind, call, one));
}

function fill(kind: Kind, one: Named, fields: Fields, all: Named[]) {
  const given = fields.text('name');
  const name = given || (kind.id === 'space' && given === '' && one.id >= 0 ? `space-${one.id}` : one.name);
  if (name === '' || (given === '' && kind.id !== 'space')) {
    if (kind.id !== 'space') wrongField('name', REQUIRED);
  } else if (!kind.pattern.test(name)) fields.wrong('name', kind.misnamed(name));
  else if (kind.id === 'space' && (name === UNDEFINED.name || /^space-\d+$/.test(name)))
    if (name !== `space-${one.id}`) fields.wrong('name', 'Reserved space name.');
  if (name && all.some((other) => other !== one && other.name === name))
    fields.wrong('name', `${kind.title} with this Name already exists.`);
  if (name.length > LONGEST)
    fields.wrong('name', `Ensure this value has at most ${LONGEST} characters (it has ${name.length}).`);
  fields.check();
  one.name = name;
  one.description = fields.text('description') ?? one.description;
}

async function remove(kind: Kind, call: Call): Promise<Reply> {
  const { site } = call.world.store.state;
  const one = found(kind, call);
  const why = kind.keptBecause(one, call);
  if (why !== undefined) refuse(400, why);
  kind.of(site).splice(kind.of(site).indexOf(one), 1);
  for (const vlan of site.vlans) if (kind.id === 'space' && vlan.space === one.id) vlan.space = null;
  await call.world.store.save();
  return removed();
}
