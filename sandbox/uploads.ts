import type { SandboxContext } from './context.ts';
import { plain, type Reply, refuse } from './reply.ts';
import { resourceAt } from './resources.ts';
import type { Call, Route } from './route.ts';
import { type ImageFile, UPLOADED } from './store.ts';

export const uploadRoutes: Route[] = [
  {
    path: 'boot-resources/{id}/upload/{file}/',
    operations: { PUT: { kind: 'chunk', for: 'link', admin: true, run: put } },
  },
];

/** The folder in which MAAS keeps images, as its errors name it. */
const ON_DISK = '/var/snap/maas/common/maas/image-storage/';

/** PUT of one chunk: appended to what is there, the sum checked with the last one. */
async function put(call: Call): Promise<Reply> {
  const { world, body, headers, at } = call;
  // Django has then read the body as a form already.
  if (body.type.toLowerCase().startsWith('multipart/form-data'))
    refuse(500, "You cannot access body after reading from request's data stream");
  const resource =
    resourceAt(world, at.id as string) ?? refuse(404, 'No BootResource matches the given query.');
  const file =
    fileAt(world, at.file as string) ?? refuse(404, 'No BootResourceFile matches the given query.');
  // A chunked body has no length, which counts as none.
  if (headers['content-length'] === undefined || body.length === 0) refuse(400, 'Missing data.');
  if (resource.type !== UPLOADED) refuse(403, `Cannot upload to a resource of type: ${resource.type}.`);
  return turn(world, file.blob, () => append(call, file));
}

/** Finds a file anywhere: MAAS does not ask whether it belongs to the resource of the path. */
export function fileAt(world: SandboxContext, id: string): ImageFile | undefined {
  if (!/^\d+$/.test(id)) refuse(500, `Field 'id' expected a number but got '${id}'.`);
  for (const file of world.store.files()) if (file.id === Number(id)) return file;
  return undefined;
}

async function append({ world, body, arrival, at }: Call, file: ImageFile): Promise<Reply> {
  const { blobs } = world.store;
  const { storage } = world.traits;
  // Deleted or superseded while this chunk waited for its turn.
  if (fileAt(world, at.file as string) !== file) refuse(404, 'No BootResourceFile matches the given query.');
  if (file.received === file.size) refuse(400, 'Cannot upload to a complete file.');
  // Two transactions wrote to one large object: all but the first fail.
  if (storage === 'shared' && (world.changes.get(file.blob) ?? 0) > arrival)
    refuse(500, 'could not serialize access due to concurrent update');

  // The first chunk creates the file anew, also under the feet of another upload of the same data.
  if (file.partial && file.received > 0 && !(await blobs.has(file.partial)))
    refuse(500, `[Errno 2] No such file or directory: '${ON_DISK}${file.sha256.slice(0, 7)}.incomplete'`);
  const blob = file.partial ?? file.blob;
  const offset = storage === 'appended' ? await blobs.length(file.blob) : file.received;
  const end = offset + body.length;
  if (end > file.size) {
    // 3.8 deletes the file on disk and goes on believing in its progress.
    if (storage === 'appended') await blobs.remove(file.blob);
    refuse(400, 'Too much data received.');
  }
  const back = await blobs.append(blob, offset, body.parts());
  // MAAS looks at a finished file of this sum before it looks at the one that was sent.
  const looked = file.partial && (await blobs.has(file.blob)) ? file.blob : blob;
  if (end === file.size && (await blobs.sha256(looked, end)) !== file.sha256) {
    if (storage !== 'appended') await back();
    refuse(400, 'Saved content does not match given SHA256 value.');
  }
  if (end === file.size && file.partial) await blobs.adopt(file.blob, blobs.path(file.partial));
  world.changes.set(file.blob, arrival);
  await record(world, file, file.received + body.length);
  return plain(200, 'OK');
}

/** Notes the progress; a large object is the same one for all files of its sum. */
async function record(world: SandboxContext, file: ImageFile, received: number): Promise<void> {
  const same =
    world.traits.storage === 'shared' ? [...world.store.files()].filter((f) => f.blob === file.blob) : [file];
  for (const one of same) {
    one.received = received;
    one.receivedAt = received === one.size ? world.now() : null;
  }
  await world.store.save();
}

const turns = new WeakMap<SandboxContext, Map<string, Promise<unknown>>>();

/** One writer at a time for each blob, in the order in which bodies are complete. */
async function turn<T>(world: SandboxContext, key: string, work: () => Promise<T>): Promise<T> {
  const queue = turns.get(world) ?? new Map<string, Promise<unknown>>();
  turns.set(world, queue);
  const mine = (queue.get(key) ?? Promise.resolve()).then(work, work);
  queue.set(key, mine);
  try {
    return await mine;
  } finally {
    if (queue.get(key) === mine) queue.delete(key);
  }
}
