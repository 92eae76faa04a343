import { cleanForm } from './form.ts';
import { showResource } from './images.ts';
import { json, type Reply, refuse, removed, repr, text } from './reply.ts';
import { addImage, resourceAt, storeInline } from './resources.ts';
import type { Call, Route } from './route.ts';
import { startImport, stopImport } from './site/import.ts';
import { GENERATED, SYNCED, UPLOADED } from './store.ts';

export const bootResourceRoutes: Route[] = [
  {
    path: 'boot-resources/',
    operations: {
      GET: { kind: 'list', run: list },
      POST: { kind: 'create', admin: true, run: create },
      'GET is_importing': {
        kind: 'is-importing',
        run: ({ world }) => json(200, world.store.state.importing),
      },
      'POST import': { kind: 'import', admin: true, run: start },
      'POST stop_import': { kind: 'stop-import', for: 'maas command', admin: true, run: stop },
    },
  },
  {
    path: 'boot-resources/{id}/',
    operations: {
      GET: { kind: 'read', run: read },
      DELETE: { kind: 'delete', admin: true, run: remove },
    },
  },
];

function list({ world, url }: Call): Reply {
  const types = new Map<string, number>([
    ['synced', SYNCED],
    ...(world.traits.generatedType ? [['generated', GENERATED] as const] : []),
    ['uploaded', UPLOADED],
  ]);
  const wanted = url.searchParams.get('type') ?? 'all';
  if (wanted !== 'all' && !types.has(wanted))
    refuse(
      400,
      `'${wanted}' is not a valid boot resource type. Available types: [${[...types.keys()].map(repr).join(', ')}]`,
    );
  const shown = world.store.state.resources
    .filter((resource) => wanted === 'all' || resource.type === types.get(wanted))
    .sort((a, b) => a.type - b.type || compare(a.name, b.name) || compare(a.architecture, b.architecture));
  return json(
    200,
    shown.map((resource) => showResource(world, resource, false)),
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function read({ world, at }: Call): Reply {
  const resource =
    resourceAt(world, at.id as string) ?? refuse(404, 'No BootResource matches the given query.');
  return json(200, showResource(world, resource, true));
}

async function remove({ world, at }: Call): Promise<Reply> {
  const { store } = world;
  const resource =
    resourceAt(world, at.id as string) ?? refuse(500, 'BootResource matching query does not exist.');
  store.state.resources = store.state.resources.filter((known) => known !== resource);
  await store.save();
  await store.sweep(
    resource.sets.flatMap((set) => set.files),
    world.traits,
  );
  return removed();
}

async function create({ world, body }: Call): Promise<Reply> {
  // An octet-stream has no form; MAAS copies what is not there.
  const fields = (await body.form()) ?? refuse(500, "'NoneType' object has no attribute 'copy'");
  const { image, content } = cleanForm(world, fields);
  const resource = content ? await storeInline(world, image, content) : await addImage(world, image);
  return json(201, showResource(world, resource, true));
}

async function start({ world }: Call): Promise<Reply> {
  startImport(world);
  await world.store.save();
  return text(200, 'Import of boot resources started');
}

async function stop({ world }: Call): Promise<Reply> {
  stopImport(world);
  await world.store.save();
  return text(200, 'Import of boot resources is being stopped');
}
