import { json, type Reply, refuse, removed } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { type Fields, fieldsOf, REQUIRED, wrongForm } from './fields.ts';
import { nextId, type PackageRepository } from './state.ts';
import { isWebUrl } from './web-url.ts';

const MAIN = ['amd64', 'i386'];
const PORTS = ['armhf', 'arm64', 'ppc64el', 's390x'];
const KNOWN = [...MAIN, ...PORTS];
const LONGEST = 41;

/** The archives that machines install packages from. */
export const packageRepositoryRoutes: Route[] = [
  {
    path: 'package-repositories/',
    operations: {
      GET: { kind: 'package-repositories', run: ({ world }) => json(200, allOf(world).map(shown)) },
      POST: { kind: 'package-repository-create', admin: true, run: create },
    },
  },
  {
    path: 'package-repositories/{id}/',
    operations: {
      GET: { kind: 'package-repository-read', run: (call) => json(200, shown(found(call))) },
      PUT: { kind: 'package-repository-update', admin: true, run: update },
      DELETE: { kind: 'package-repository-delete', admin: true, run: remove },
    },
  },
];

const allOf = (world: Call['world']) => world.store.state.site.packageRepositories;

const shown = ({ default: _, ...one }: PackageRepository) => ({
  ...one,
  resource_uri: `${API}package-repositories/${one.id}/`,
});

/** By id or by name. */
function found({ world, at }: Call): PackageRepository {
  return (
    allOf(world).find(({ id, name }) => String(id) === at.id || name === at.id) ??
    refuse(404, 'No PackageRepository matches the given query.')
  );
}

async function create(call: Call): Promise<Reply> {
  const { store } = call.world;
  const one: PackageRepository = {
    ...{ id: -1, name: '', url: '', key: '', arches: MAIN, enabled: true, disable_sources: true },
    ...{ distributions: [], disabled_pockets: [], disabled_components: [], components: [], default: false },
  };
  fill(call, one, await fieldsOf(call));
  one.id = nextId(store.state.site, 'packageRepository');
  allOf(call.world).push(one);
  await store.save();
  return json(200, shown(one));
}

async function update(call: Call): Promise<Reply> {
  const one = found(call);
  fill(call, one, await fieldsOf(call));
  await call.world.store.save();
  return json(200, shown(one));
}

/** MAAS' PackageRepositoryForm. */
function fill({ world }: Call, one: PackageRepository, fields: Fields) {
  const name = fields.text('name') ?? one.name;
  const url = fields.text('url') ?? one.url;
  const words = (field: string) =>
    fields
      .list(field)
      ?.flatMap((value) => value.split(','))
      .map((value) => value.trim())
      .filter(Boolean);
  if (name === '') fields.wrong('name', REQUIRED);
  else if (name.length > LONGEST)
    fields.wrong('name', `Ensure this value has at most ${LONGEST} characters (it has ${name.length}).`);
  else if (allOf(world).some((other) => other !== one && other.name === name))
    fields.wrong('name', 'Package repository with this Name already exists.');
  if (url === '') fields.wrong('url', REQUIRED);
  else if (!/^ppa:[\w.-]+\/[\w.-]+$/.test(url) && !isWebUrl(url))
    fields.wrong('url', 'Enter a valid repository URL or PPA location.');
  const arches = words('arches');
  const odd = arches?.find((arch) => !KNOWN.includes(arch));
  if (odd !== undefined)
    fields.wrong(
      'arches',
      `'${odd}' is not a valid architecture. Known architectures: ${KNOWN.toSorted().join(', ')}`,
    );
  fields.check();
  const enabled = fields.flag('enabled') ?? one.enabled;
  if (one.default && !enabled) wrongForm('Default repositories may not be disabled.');
  Object.assign(one, {
    name,
    url,
    enabled,
    key: fields.text('key') ?? one.key,
    disable_sources: fields.flag('disable_sources') ?? one.disable_sources,
    arches: arches?.length ? arches : one.arches,
  });
  for (const field of ['distributions', 'disabled_pockets', 'disabled_components', 'components'] as const)
    one[field] = words(field) ?? one[field];
}

async function remove(call: Call): Promise<Reply> {
  const { store } = call.world;
  const one = found(call);
  if (one.default) refuse(400, 'Cannot delete default Ubuntu archives.');
  store.state.site.packageRepositories = allOf(call.world).filter((other) => other !== one);
  await store.save();
  return removed();
}
