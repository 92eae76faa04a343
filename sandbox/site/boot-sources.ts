import type { SandboxContext } from '../context.ts';
import { json, type Reply, refuse, removed } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { type Fields, fieldsOf, REQUIRED, wrongField, wrongForm } from './fields.ts';
import { ARCHITECTURES, LABELS, OFFERED, SUBARCHES } from './offers.ts';
import { settingOf } from './settings.ts';
import { type BootSource, DEFAULT_SOURCE, nextId, type Selection } from './state.ts';
import { isWebUrl } from './web-url.ts';

/** A new source is read before anything can be selected from it. */
const READING_MS = 1000;

export const bootSourceRoutes: Route[] = [
  {
    path: 'boot-sources/',
    operations: {
      GET: {
        kind: 'boot-sources',
        run: ({ world }) =>
          json(
            200,
            world.store.state.site.bootSources.map((one) => shown(world, one)),
          ),
      },
      POST: { kind: 'boot-source-create', admin: true, run: create },
    },
  },
  {
    path: 'boot-sources/{id}/',
    operations: {
      GET: {
        kind: 'boot-source-read',
        for: 'maas command',
        run: (call) => json(200, shown(call.world, sourceAt(call))),
      },
      PUT: { kind: 'boot-source-update', admin: true, run: update },
      DELETE: { kind: 'boot-source-delete', admin: true, run: remove },
    },
  },
  {
    path: 'boot-sources/{boot_source_id}/selections/',
    operations: {
      GET: { kind: 'selections', run: (call) => json(200, selectionsOf(call).map(shownSelection)) },
      POST: { kind: 'selection-create', admin: true, run: select },
    },
  },
  {
    path: 'boot-sources/{boot_source_id}/selections/{id}/',
    operations: {
      GET: {
        kind: 'selection-read',
        for: 'maas command',
        run: (call) => json(200, shownSelection(selectionAt(call))),
      },
      PUT: { kind: 'selection-update', admin: true, run: reselect },
      DELETE: { kind: 'selection-delete', admin: true, run: unselect },
    },
  },
];

function shown({ traits }: SandboxContext, source: BootSource) {
  const time = (at: number) => new Date(at).toISOString().replace('Z', '');
  return {
    name: traits.namedSources ? source.name : undefined,
    url: source.url,
    priority: traits.namedSources ? source.priority : undefined,
    enabled: traits.namedSources ? source.enabled : undefined,
    keyring_filename: source.keyring_filename,
    keyring_data: source.keyring_data,
    skip_keyring_verification: traits.namedSources ? source.skip_keyring_verification : undefined,
    created: time(source.created),
    updated: time(source.updated),
    id: source.id,
    resource_uri: `${API}boot-sources/${source.id}/`,
  };
}

const shownSelection = (selection: Selection) => ({
  os: selection.os,
  release: selection.release,
  arches: selection.arches,
  subarches: selection.subarches,
  labels: selection.labels,
  boot_source_id: selection.source,
  id: selection.id,
  resource_uri: `${API}boot-sources/${selection.source}/selections/${selection.id}/`,
});

function sourceAt({ world, at }: Call): BootSource {
  return (
    world.store.state.site.bootSources.find(({ id }) => String(id) === (at.boot_source_id ?? at.id)) ??
    refuse(404, 'No BootSource matches the given query.')
  );
}

function selectionsOf(call: Call): Selection[] {
  const { id } = sourceAt(call);
  return call.world.store.state.site.selections.filter(({ source }) => source === id);
}

function selectionAt(call: Call): Selection {
  return (
    selectionsOf(call).find(({ id }) => String(id) === call.at.id) ??
    refuse(404, 'No BootSourceSelection matches the given query.')
  );
}

async function create(call: Call): Promise<Reply> {
  const { world } = call;
  const { site } = world.store.state;
  const source: BootSource = {
    id: -1,
    name: '',
    url: '',
    priority: Math.max(0, ...site.bootSources.map(({ priority }) => priority)) + 1,
    enabled: true,
    keyring_filename: '',
    keyring_data: '',
    skip_keyring_verification: false,
    created: world.now(),
    updated: world.now(),
  };
  fill(world, source, await fieldsOf(call));
  source.id = nextId(site, 'bootSource');
  site.bootSources.push(source);
  await world.store.save();
  return json(201, shown(world, source));
}

async function update(call: Call): Promise<Reply> {
  const source = sourceAt(call);
  fill(call.world, source, await fieldsOf(call));
  source.updated = call.world.now();
  await call.world.store.save();
  return json(200, shown(call.world, source));
}

function fill({ traits, store }: SandboxContext, source: BootSource, fields: Fields) {
  const given = fields.text('url') ?? source.url;
  const url = traits.namedSources ? given.replace(/\/+$/, '') : given;
  if (!url) wrongField('url', REQUIRED);
  if (!isWebUrl(url)) wrongField('url', 'Enter a valid URL.');
  if (store.state.site.bootSources.some((other) => other !== source && other.url === url))
    wrongField('url', 'Boot source with this Url already exists.');
  const keyring = fields.text('keyring_filename') ?? source.keyring_filename;
  const data = fields.text('keyring_data') ?? source.keyring_data;
  const skip = traits.namedSources
    ? (fields.flag('skip_keyring_verification') ?? url.endsWith('.json'))
    : false;
  if (!keyring && !data && !skip) wrongForm('One of keyring_data or keyring_filename must be specified.');
  if (keyring && data) wrongForm('Only one of keyring_filename or keyring_data can be specified.');
  Object.assign(source, {
    url,
    name: fields.text('name') || source.name || url,
    keyring_filename: keyring,
    keyring_data: data,
    skip_keyring_verification: skip,
    priority: fields.number('priority', 0, Number.MAX_SAFE_INTEGER) ?? source.priority,
    enabled: fields.flag('enabled') ?? source.enabled,
  });
}

async function remove(call: Call): Promise<Reply> {
  const { store } = call.world;
  const { site } = store.state;
  const source = sourceAt(call);
  site.bootSources = site.bootSources.filter((other) => other !== source);
  site.selections = site.selections.filter((selection) => selection.source !== source.id);
  await store.save();
  return removed();
}

async function select(call: Call): Promise<Reply> {
  const { store } = call.world;
  const source = sourceAt(call);
  const selection: Selection = {
    id: -1,
    source: source.id,
    os: '',
    release: '',
    arches: [],
    subarches: [],
    labels: [],
  };
  fillSelection(call, source, selection, await fieldsOf(call));
  if (selectionsOf(call).some((other) => other.os === selection.os && other.release === selection.release))
    wrongForm('Boot source selection with this Boot source, Os and Release already exists.');
  selection.id = nextId(store.state.site, 'selection');
  store.state.site.selections.push(selection);
  await store.save();
  return json(200, shownSelection(selection));
}

async function reselect(call: Call): Promise<Reply> {
  const selection = selectionAt(call);
  fillSelection(call, sourceAt(call), selection, await fieldsOf(call));
  await call.world.store.save();
  return json(200, shownSelection(selection));
}

/** MAAS' BootSourceSelectionForm: everything asked for is looked up in what the source offers. */
function fillSelection({ world }: Call, source: BootSource, selection: Selection, fields: Fields) {
  const os = fields.text('os') ?? selection.os;
  const release = fields.text('release') ?? selection.release;
  const ready = source.url === DEFAULT_SOURCE || world.now() - source.created >= READING_MS;
  if (!ready || !OFFERED.get(os)?.includes(release))
    wrongField('os', `OS ${os} with release ${release} has no available images for download`);
  const listed = { arches: ARCHITECTURES, subarches: SUBARCHES, labels: LABELS };
  for (const [name, offered] of Object.entries(listed)) {
    const wanted = fields.list(name) ?? selection[name as keyof typeof listed];
    if (!wanted.includes('*') && !wanted.every((one) => offered.includes(one)))
      fields.wrong(
        name,
        `No available images to download for [${wanted.map((one) => `'${one}'`).join(', ')}]`,
      );
  }
  fields.check();
  Object.assign(selection, { os, release });
  for (const name of ['arches', 'subarches', 'labels'] as const)
    selection[name] = fields.list(name) ?? selection[name];
}

async function unselect(call: Call): Promise<Reply> {
  const { world } = call;
  const selection = selectionAt(call);
  // A quirk of MAAS before 3.8, with its message as it is: the names are never put in.
  if (
    !world.traits.namedSources &&
    selection.os === 'ubuntu' &&
    selection.release === settingOf(world, 'commissioning_distro_series')
  )
    refuse(400, 'Unable to delete %s %s. It is the operating system used in ephemeral environments.');
  world.store.state.site.selections = world.store.state.site.selections.filter(
    (other) => other !== selection,
  );
  await world.store.save();
  return removed();
}
