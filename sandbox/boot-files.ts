import { nameOnDisk, setComplete } from './images.ts';
import { html, json, type Reply } from './reply.ts';
import type { Call, Route } from './route.ts';
import { type ImageFile, type ImageSet, type Resource, SYNCED } from './store.ts';
import { contentOf } from './synced.ts';

/** A file of an imported release, as racks get it: from the region itself up to MAAS 3.4. */
export const streamRoutes: Route[] = [
  {
    path: '/MAAS/images-stream/streams/v1/{file}',
    matching: { file: '.*' },
    anonymous: true,
    operations: { GET: { kind: 'stream-index', run: index } },
  },
  {
    path: '/MAAS/images-stream/{os}/{arch}/{subarch}/{series}/{version}/{file}',
    anonymous: true,
    operations: { GET: { kind: 'stream-file', run: streamFile } },
  },
];

/** From 3.5 on nginx serves them from the disk, by the name there; what follows it says only what it is. */
export const diskRoutes: Route[] = [
  {
    path: '/MAAS/boot-resources/{name}/{rest}',
    matching: { rest: '.*' },
    anonymous: true,
    operations: { GET: { kind: 'disk-file', run: diskFile } },
  },
];

interface Found {
  resource: Resource;
  set: ImageSet;
  file: ImageFile;
}

/** The files of complete sets that machines boot from. */
function imported({ world }: Call): Found[] {
  return world.store.state.resources
    .filter(({ type }) => type === SYNCED)
    .flatMap((resource) =>
      resource.sets
        .filter((set) => setComplete(world, set))
        .flatMap((set) => set.files.map((file) => ({ resource, set, file }))),
    );
}

function groupBy<T>(all: readonly T[], nameOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(nameOf(one), [...(groups.get(nameOf(one)) ?? []), one]);
  return groups;
}

const notFound = () => html(404, 'Not Found');

function bytes(found: Found | undefined): Reply {
  if (!found) return notFound();
  const { resource, file } = found;
  return {
    status: 200,
    headers: { 'content-type': 'application/octet-stream' },
    body: contentOf(resource, file),
  };
}

function diskFile(call: Call): Reply {
  return bytes(imported(call).find(({ file }) => nameOnDisk(call.world, file) === call.at.name));
}

function streamFile(call: Call): Reply {
  const { os, arch, subarch, series, version, file: name } = call.at;
  return bytes(
    imported(call).find(
      ({ resource, set, file }) =>
        resource.name === `${os}/${series}` &&
        resource.architecture === `${arch}/${subarch}` &&
        set.version === version &&
        file.filename === name,
    ),
  );
}

const LIST = 'maas:v2:download';

function index(call: Call): Reply {
  const all = imported(call);
  const productOf = ({ resource }: Found) => {
    const [os, series] = resource.name.split('/');
    return `maas:boot:${os}:${resource.architecture.replace('/', ':')}:${series}`;
  };
  const updated = new Date(call.world.now()).toUTCString().replace(/GMT$/, '+0000');
  const products = groupBy(all, productOf);
  if (call.at.file === 'index.json')
    return stream({
      index: {
        [LIST]: {
          ...{ datatype: 'image-downloads', path: `streams/v1/${LIST}.json`, updated },
          ...{ products: [...products.keys()], format: 'products:1.0' },
        },
      },
      ...{ updated, format: 'index:1.0' },
    });
  if (call.at.file !== `${LIST}.json`) return notFound();
  return stream({
    ...{ datatype: 'image-downloads', updated, content_id: LIST },
    products: Object.fromEntries([...products].map(([name, files]) => [name, productWith(files)])),
    format: 'products:1.0',
  });
}

const stream = (value: unknown): Reply => json(200, value, { 'content-type': 'application/json' });

function productWith(files: Found[]) {
  const [{ resource, set }] = files as [Found];
  const [os, series] = resource.name.split('/');
  const [arch, subarch] = resource.architecture.split('/');
  const item = ({ set: { version }, file }: Found) => ({
    path: `${os}/${arch}/${subarch}/${series}/${version}/${file.filename}`,
    ...{ ftype: file.filetype, sha256: file.sha256, size: file.size },
  });
  const versions = groupBy(files, (one) => one.set.version);
  return {
    versions: Object.fromEntries(
      [...versions].map(([version, ofVersion]) => [
        version,
        { items: Object.fromEntries(ofVersion.map((one) => [one.file.filename, item(one)])) },
      ]),
    ),
    ...{ subarch, label: set.label, version: series, arch, release: series, os },
  };
}
