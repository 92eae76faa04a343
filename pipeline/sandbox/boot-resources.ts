import { createHash } from 'node:crypto';
import { cleanForm, findUploaded, type NewImage } from './form.ts';
import { showResource } from './images.ts';
import { json, nothing, type Reply, refuse, repr, text } from './reply.ts';
import type { Call, Route } from './route.ts';
import { GENERATED, type ImageFile, type ImageSet, type Resource, SYNCED, UPLOADED } from './store.ts';
import type { World } from './world.ts';

export const bootResourceRoutes: Route[] = [
  {
    handler: 'BootResourcesHandler',
    path: 'boot-resources/',
    operations: {
      GET: { kind: 'list', run: list },
      POST: { kind: 'create', admin: true, run: create },
      'GET is_importing': {
        kind: 'is-importing',
        run: ({ world }) => json(200, world.store.state.importing),
      },
      'POST import': { kind: 'import', admin: true, run: startImport },
      'POST stop_import': { kind: 'stop-import', admin: true, run: stopImport },
    },
  },
  {
    handler: 'BootResourceHandler',
    path: 'boot-resources/{id}/',
    operations: {
      GET: { kind: 'read', run: read },
      DELETE: { kind: 'delete', admin: true, run: remove },
    },
  },
];

function list({ world, url }: Call): Reply {
  const types: Record<string, number> = {
    synced: SYNCED,
    ...(world.traits.generatedType ? { generated: GENERATED } : {}),
    uploaded: UPLOADED,
  };
  const wanted = url.searchParams.get('type') ?? 'all';
  if (wanted !== 'all' && types[wanted] === undefined)
    refuse(
      400,
      `'${wanted}' is not a valid boot resource type. Available types: [${Object.keys(types).map(repr).join(', ')}]`,
    );
  const shown = world.store.state.resources
    .filter((resource) => wanted === 'all' || resource.type === types[wanted])
    .sort((a, b) => a.type - b.type || compare(a.name, b.name) || compare(a.architecture, b.architecture));
  return json(
    200,
    shown.map((resource) => showResource(world, resource, false)),
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The resource a path names, or undefined; an id that is no number is an error of the database layer. */
export function resourceAt(world: World, id: string): Resource | undefined {
  if (!/^\d+$/.test(id)) refuse(500, `Field 'id' expected a number but got ${repr(id)}.`);
  return world.store.state.resources.find((resource) => resource.id === Number(id));
}

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
  await store.sweep(resource.sets.flatMap((set) => set.files.map((file) => file.blob)));
  return nothing(204);
}

async function create({ world, body }: Call): Promise<Reply> {
  // An octet-stream has no form; MAAS copies what is not there.
  const fields = (await body.form()) ?? refuse(500, "'NoneType' object has no attribute 'copy'");
  const image = cleanForm(world, fields);
  if (image.content) image.sha256 = createHash('sha256').update(image.content).digest('hex');
  const resource = await addImage(world, image, image.content);
  return json(201, showResource(world, resource, true));
}

/** Adds a set with one file to the resource of that name, making the resource when there is none. */
export async function addImage(world: World, image: NewImage, content?: Buffer): Promise<Resource> {
  const { store } = world;
  const known = [...store.files()].filter((file) => file.sha256 === image.sha256);
  if (known.some((file) => file.size !== image.size))
    refuse(400, 'File already exists with sha256 that is of different size.');

  const resource = findUploaded(world, image.name, image.architecture) ?? newResource(world, image);
  resource.title = image.title;
  // Frozen at the first upload.
  resource.baseImage ||= image.baseImage;

  const file = newFile(world, image, known[0]);
  const set: ImageSet = { version: nextVersion(world, resource), label: 'uploaded', files: [file] };
  const old = resource.sets.flatMap((earlier) => earlier.files);
  // The old bytes go at once, before the new ones have come; the empty sets stay.
  if (!image.keepOld) for (const earlier of resource.sets) earlier.files = [];
  resource.sets.push(set);
  if (!store.state.resources.includes(resource)) store.state.resources.push(resource);
  if (content && file.received < content.length) {
    await store.blobs.append(file.blob, 0, only(content));
    file.received = content.length;
    file.receivedAt = world.now();
  }
  await store.save();
  if (!image.keepOld) await store.sweep(old.map((gone) => gone.blob));
  return resource;
}

async function* only(content: Buffer) {
  yield content;
}

function newResource(world: World, image: NewImage): Resource {
  return {
    id: world.store.state.nextResource++,
    type: UPLOADED,
    name: image.name,
    architecture: image.architecture,
    title: image.title,
    baseImage: '',
    lastDeployed: null,
    sets: [],
  };
}

/** Root tarballs have a real file name since ephemeral deployments need one (3.5+). */
const FILENAMES: Record<string, string> = {
  'root-tgz': 'root.tgz',
  'root-tbz': 'root.tbz',
  'root-txz': 'root.txz',
};

function newFile(world: World, image: NewImage, same: ImageFile | undefined): ImageFile {
  const { storage, regionCopies } = world.traits;
  const id = world.store.state.nextFile++;
  // Up to 3.4 one large object serves every file of a sum, with the progress it has.
  const shared = storage === 'shared' ? same : undefined;
  return {
    id,
    filename: (regionCopies && FILENAMES[image.filetype]) || image.filetype,
    filetype: image.filetype,
    sha256: image.sha256,
    size: image.size,
    blob:
      storage === 'own' ? `file-${id}` : `sha256-${encodeURIComponent(image.sha256).replaceAll('.', '%2E')}`,
    received: shared?.received ?? 0,
    receivedAt: shared?.receivedAt ?? null,
  };
}

/** YYYYMMDD, then .1, .2, … .10: counted as numbers. */
function nextVersion(world: World, resource: Resource): string {
  const today = new Date(world.now()).toISOString().slice(0, 10).replaceAll('-', '');
  const used = resource.sets.filter((set) => set.version.startsWith(today));
  if (used.length === 0) return today;
  return `${today}.${Math.max(...used.map((set) => Number(set.version.split('.')[1] ?? 0))) + 1}`;
}

async function startImport({ world }: Call): Promise<Reply> {
  world.store.state.importing = true;
  await world.store.save();
  return text(200, 'Import of boot resources started');
}

async function stopImport({ world }: Call): Promise<Reply> {
  world.store.state.importing = false;
  await world.store.save();
  return text(200, 'Import of boot resources is being stopped');
}
