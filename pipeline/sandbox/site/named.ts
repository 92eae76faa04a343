import { json, nothing, type Reply, refuse } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { type Fields, fieldsOf, REQUIRED, wrongField } from './fields.ts';
import { type Named, nextId, type SiteState } from './state.ts';

/** A kind of thing that has a name and a description, and nothing else that we need. */
interface Kind {
  /** In the URL. */
  path: string;
  /** What ids and fault rules call it. */
  id: string;
  /** MAAS' names of it: its handlers', its class in a 404, its own in a sentence. */
  handler: string;
  model: string;
  title: string;
  of: (site: SiteState) => Named[];
  key: 'id' | 'name';
  pattern: RegExp;
  misnamed: (name: string) => string;
  /** Why the one called "default" stays. */
  stays: string;
}

const NAME_RULE = () => 'Enter a valid value.';

const KINDS: readonly Kind[] = [
  {
    path: 'zones',
    id: 'zone',
    handler: 'Zone',
    model: 'Zone',
    title: 'Physical zone',
    of: (site) => site.zones,
    key: 'name',
    pattern: /^\w[ \w-]*$/,
    misnamed: NAME_RULE,
    stays: 'This zone is the default zone, it cannot be deleted.',
  },
  {
    path: 'resourcepools',
    id: 'pool',
    handler: 'ResourcePool',
    model: 'ResourcePool',
    title: 'Resource pool',
    of: (site) => site.pools,
    key: 'id',
    pattern: /^\w[ \w-]*$/,
    misnamed: NAME_RULE,
    stays: 'This is the default pool, it cannot be deleted.',
  },
  {
    path: 'spaces',
    id: 'space',
    handler: 'Space',
    model: 'Space',
    title: 'Space',
    of: (site) => site.spaces,
    key: 'id',
    pattern: /^[\w-]+$/,
    misnamed: (name) => `Invalid space name: ${name}.`,
    stays: '',
  },
];

export const namedRoutes: Route[] = KINDS.flatMap(routesOf);

function routesOf(kind: Kind): Route[] {
  const { path, id, handler } = kind;
  return [
    {
      handler: `${handler}sHandler`,
      path: `${path}/`,
      operations: {
        GET: {
          kind: path,
          run: ({ world: { store } }) =>
            json(
              200,
              kind
                .of(store.state.site)
                .toSorted((a, b) => (a.name < b.name ? -1 : 1))
                .map((one) => shown(kind, one)),
            ),
        },
        POST: { kind: `${id}-create`, admin: true, run: (call) => create(kind, call) },
      },
    },
    {
      handler: `${handler}Handler`,
      path: `${path}/{id}/`,
      operations: {
        GET: { kind: `${id}-read`, run: (call) => json(200, shown(kind, found(kind, call))) },
        PUT: { kind: `${id}-update`, admin: true, run: (call) => update(kind, call) },
        DELETE: { kind: `${id}-delete`, admin: true, run: (call) => remove(kind, call) },
      },
    },
  ];
}

function shown(kind: Kind, one: Named) {
  return { ...one, resource_uri: `${API}${kind.path}/${one[kind.key]}/` };
}

/** MAAS takes the id or the name in the URL of a pool and a space. */
function found(kind: Kind, { world, at }: Call): Named {
  const wanted = decodeURIComponent(at.id as string);
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
  if (!fields.text('name')) wrongField('name', REQUIRED);
  const one: Named = { id: -1, name: '', description: '' };
  fill(kind, one, fields, kind.of(store.state.site));
  one.id = nextId(store.state.site, kind.id);
  kind.of(store.state.site).push(one);
  await store.save();
  return json(200, shown(kind, one));
}

async function update(kind: Kind, call: Call): Promise<Reply> {
  const one = found(kind, call);
  fill(kind, one, await fieldsOf(call), kind.of(call.world.store.state.site));
  await call.world.store.save();
  return json(200, shown(kind, one));
}

function fill(kind: Kind, one: Named, fields: Fields, all: Named[]) {
  const name = fields.text('name') || one.name;
  if (!kind.pattern.test(name)) fields.wrong('name', kind.misnamed(name));
  if (all.some((other) => other !== one && other.name === name))
    fields.wrong('name', `${kind.title} with this Name already exists.`);
  fields.check();
  one.name = name;
  one.description = fields.text('description') ?? one.description;
}

async function remove(kind: Kind, call: Call): Promise<Reply> {
  const { site } = call.world.store.state;
  const one = found(kind, call);
  if (one.name === 'default') refuse(400, kind.stays);
  kind.of(site).splice(kind.of(site).indexOf(one), 1);
  for (const vlan of site.vlans) if (kind.id === 'space' && vlan.space === one.id) vlan.space = null;
  await call.world.store.save();
  return nothing(204);
}
