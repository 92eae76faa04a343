import type { SandboxContext } from './context.ts';
import { API } from './route.ts';
import { type ImageFile, type ImageSet, type Resource, UPLOADED } from './store.ts';

const TYPES = ['Synced', 'Generated', 'Uploaded'];

/** Bytes that all regions together have of a file. */
function copied(world: SandboxContext, file: ImageFile): number {
  const others = world.regions - 1;
  const arrived = file.receivedAt !== null && world.now() - file.receivedAt >= world.syncMs;
  return file.received + (arrived ? others * file.size : 0);
}

const total = (world: SandboxContext, set: ImageSet) =>
  set.files.reduce((sum, file) => sum + file.size, 0) * (world.traits.regionCopies ? world.regions : 1);

/** The set's percentage; the same on every version. */
function setProgress(world: SandboxContext, set: ImageSet): number {
  const have = set.files.reduce((sum, file) => sum + copied(world, file), 0);
  const all = total(world, set);
  if (world.traits.regionCopies ? all <= 0 : have <= 0) return 0;
  return (100 * have) / all;
}

/** The file's own figure: a percentage on 3.5+, the total over the size so far before that. */
function fileProgress(world: SandboxContext, file: ImageFile): number {
  if (file.received <= 0) return 0;
  if (!world.traits.regionCopies) return file.size / file.received;
  return (100 * copied(world, file)) / (file.size * world.regions);
}

function fileComplete(world: SandboxContext, file: ImageFile): boolean {
  return world.traits.regionCopies ? fileProgress(world, file) === 100 : file.received === file.size;
}

/** Whether every region has every byte of a set. */
export function setComplete(world: SandboxContext, set: ImageSet): boolean {
  if (set.files.length === 0) return false;
  if (world.traits.regionCopies) return setProgress(world, set) === 100;
  return set.files.reduce((sum, file) => sum + copied(world, file), 0) === total(world, set);
}

/** Its name on the disk: from 3.5.2 on a part of the sum, before that all of it. */
export const nameOnDisk = (world: SandboxContext, { sha256 }: ImageFile) =>
  world.traits.filenameOnDisk ? sha256.slice(0, 7) : sha256;

function showFile(world: SandboxContext, resource: Resource, file: ImageFile) {
  const complete = fileComplete(world, file);
  const uploadUri = `${API}boot-resources/${resource.id}/upload/${file.id}/`;
  return {
    filename: file.filename,
    filetype: file.filetype,
    sha256: file.sha256,
    filename_on_disk: world.traits.filenameOnDisk ? nameOnDisk(world, file) : undefined,
    size: file.size,
    complete,
    progress: complete ? undefined : fileProgress(world, file),
    upload_uri: complete || resource.type !== UPLOADED ? undefined : uploadUri,
  };
}

function showSet(world: SandboxContext, resource: Resource, set: ImageSet) {
  const complete = setComplete(world, set);
  return {
    version: set.version,
    label: set.label,
    size: set.files.reduce((sum, file) => sum + file.size, 0),
    complete,
    progress: complete ? undefined : setProgress(world, set),
    files: new Map(set.files.map((file) => [file.filename, showFile(world, resource, file)])),
  };
}

/** A boot resource as the API shows it; the list form has no sets. */
export function showResource(world: SandboxContext, resource: Resource, withSets: boolean) {
  return {
    id: resource.id,
    type: TYPES[resource.type],
    name: resource.name,
    architecture: resource.architecture,
    resource_uri: `${API}boot-resources/${resource.id}/`,
    last_deployed: world.traits.lastDeployed ? resource.lastDeployed : undefined,
    title: resource.type === UPLOADED ? resource.title : undefined,
    subarches: resource.architecture.split('/')[1],
    base_image: world.traits.regionCopies && resource.baseImage ? resource.baseImage : undefined,
    // The newest first.
    sets: withSets
      ? new Map(resource.sets.toReversed().map((set) => [set.version, showSet(world, resource, set)]))
      : undefined,
  };
}
