import { createHash } from 'node:crypto';
import { Body } from './body.ts';
import type { SandboxContext } from './context.ts';
import type { NewImage } from './form.ts';
import { refuse, repr } from './reply.ts';
import { type ImageFile, type ImageSet, type Resource, UPLOADED } from './store.ts';

/** The resource a path names, or undefined; an id that is not a number is an error of the database layer. */
export function resourceAt(world: SandboxContext, id: string): Resource | undefined {
  if (!/^\d+$/.test(id)) refuse(500, `Field 'id' expected a number but got ${repr(id)}.`);
  return world.store.state.resources.find((resource) => resource.id === Number(id));
}

/** The resource an upload of this name and architecture goes to. */
export function findUploaded(
  world: SandboxContext,
  name?: string,
  architecture?: string,
): Resource | undefined {
  return world.store.state.resources.find(
    (known) => known.type === UPLOADED && known.name === name && known.architecture === architecture,
  );
}

/** An image whose bytes came inside the form. */
export async function storeInline(
  world: SandboxContext,
  image: NewImage,
  content: Buffer,
): Promise<Resource> {
  const body = new Body('', content.length, [content]);
  return addImage(world, image, await body.intoFile(world.spool));
}

/**
 * Adds a set with one file to the resource of that name, making the resource when there is none.
 * @param bytes a file with the whole image, which is moved; without it the bytes come in chunks.
 */
export async function addImage(world: SandboxContext, image: NewImage, bytes?: string): Promise<Resource> {
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
  // The old bytes are deleted at once, before the new ones have come; the empty sets are kept.
  if (!image.keepOld) for (const earlier of resource.sets) earlier.files = [];
  resource.sets.push(set);
  if (!store.state.resources.includes(resource)) store.state.resources.push(resource);
  if (bytes !== undefined) {
    await store.blobs.adopt(file.blob, bytes);
    file.received = file.size;
    file.receivedAt = world.now();
  }
  await store.save();
  await store.sweep(image.keepOld ? [] : old, world.traits);
  return resource;
}

function newResource(world: SandboxContext, image: NewImage): Resource {
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

function newFile(world: SandboxContext, image: NewImage, same: ImageFile | undefined): ImageFile {
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
    blob: blobOf(image.sha256),
    ...(storage === 'partial' ? { partial: `${blobOf(image.sha256)}.incomplete` } : {}),
    received: shared?.received ?? 0,
    receivedAt: shared?.receivedAt ?? null,
  };
}

/** A file name for a sum; a "sum" may be any 64 characters. */
function blobOf(sum: string): string {
  return /^[0-9a-f]{64}$/.test(sum)
    ? `sha256-${sum}`
    : `odd-${createHash('sha256').update(sum).digest('hex')}`;
}

/** YYYYMMDD, then .1, .2, … .10: counted as numbers. */
function nextVersion(world: SandboxContext, resource: Resource): string {
  const today = new Date(world.now()).toISOString().slice(0, 10).replaceAll('-', '');
  const used = resource.sets.filter((set) => set.version.startsWith(today));
  if (used.length === 0) return today;
  return `${today}.${Math.max(...used.map((set) => Number(set.version.split('.')[1] ?? 0))) + 1}`;
}
