import { json, type Reply, refuse, removed } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { type Fields, fieldsOf, REQUIRED, wrongField } from './fields.ts';
import { type Domain, nextId, type SiteState } from './state.ts';

const LABEL = '[a-zA-Z0-9]([-a-zA-Z0-9]{0,62}[a-zA-Z0-9])?';
const NAME = new RegExp(`^(${LABEL}[.])*${LABEL}[.]?$`);
const LONGEST_TTL = 604_800;

export const domainRoutes: Route[] = [
  {
    path: 'domains/',
    operations: {
      GET: {
        kind: 'domains',
        run: ({ world: { store } }) =>
          json(
            200,
            store.state.site.domains.map((one) => shown(store.state.site, one)),
          ),
      },
      POST: { kind: 'domain-create', admin: true, run: create },
    },
  },
  {
    path: 'domains/{id}/',
    operations: {
      GET: {
        kind: 'domain-read',
        for: 'maas command',
        run: (call) => json(200, shown(call.world.store.state.site, found(call))),
      },
      PUT: { kind: 'domain-update', admin: true, run: update },
      'POST set_default': { kind: 'domain-set-default', admin: true, run: setDefault },
      DELETE: { kind: 'domain-delete', admin: true, run: remove },
    },
  },
];

function shown(site: SiteState, one: Domain) {
  return {
    authoritative: one.authoritative,
    ttl: one.ttl,
    resource_record_count: 0,
    name: one.name,
    id: one.id,
    is_default: one.id === site.defaultDomain,
    resource_uri: `${API}domains/${one.id}/`,
  };
}

function found({ world, at }: Call): Domain {
  const { domains } = world.store.state.site;
  return (
    domains.find((one) => String(one.id) === at.id || one.name === at.id) ??
    refuse(404, 'No Domain matches the given query.')
  );
}

async function create(call: Call): Promise<Reply> {
  const { store } = call.world;
  const fields = await fieldsOf(call);
  if (!fields.text('name')) wrongField('name', REQUIRED);
  const one: Domain = { id: -1, name: '', authoritative: true, ttl: null };
  fill(store.state.site, one, fields);
  one.id = nextId(store.state.site, 'domain');
  store.state.site.domains.push(one);
  await store.save();
  return json(200, shown(store.state.site, one));
}

async function update(call: Call): Promise<Reply> {
  const one = found(call);
  fill(call.world.store.state.site, one, await fieldsOf(call));
  await call.world.store.save();
  return json(200, shown(call.world.store.state.site, one));
}

function fill(site: SiteState, one: Domain, fields: Fields) {
  const name = fields.text('name') || one.name;
  if (!NAME.test(name))
    fields.wrong(
      'name',
      /^[a-zA-Z0-9.-]*$/.test(name)
        ? `Invalid domain name: ${name}.`
        : 'Domain name contains invalid characters.',
    );
  else if (name === 'maas-internal')
    fields.wrong('name', 'Domain name cannot duplicate maas internal domain name.');
  if (site.domains.some((other) => other !== one && other.name === name))
    fields.wrong('name', 'Domain with this Name already exists.');
  const ttl = fields.number('ttl', 1, LONGEST_TTL);
  fields.check();
  one.name = name;
  one.authoritative = fields.flag('authoritative') ?? one.authoritative;
  one.ttl = ttl ?? (fields.has('ttl') ? null : one.ttl);
}

async function setDefault(call: Call): Promise<Reply> {
  const { store } = call.world;
  const one = found(call);
  store.state.site.defaultDomain = one.id;
  await store.save();
  return json(200, shown(store.state.site, one));
}

async function remove(call: Call): Promise<Reply> {
  const { store } = call.world;
  const one = found(call);
  if (one.id === store.state.site.defaultDomain)
    refuse(400, 'This domain is the default domain, it cannot be deleted.');
  store.state.site.domains = store.state.site.domains.filter((other) => other !== one);
  await store.save();
  return removed();
}
