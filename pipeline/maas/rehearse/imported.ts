import { differenceFrom } from '../../host/files/read-json.ts';
import { anything, count, flag, list, map, object, type Shape, text } from '../../host/files/shape.ts';
import type { MaasClient } from '../api/client.ts';
import { atLeast } from '../api/version.ts';
import {
  bootFiles,
  choose,
  isInside,
  type Offer,
  type OfferedEphemeral,
  unusable,
  type WantedEphemeral,
} from './offered.ts';

const RESOURCES = list(object({ id: count, name: text, architecture: text }));
const RESOURCE = object({
  sets: map(
    object({
      complete: flag,
      files: map(object({ filename: text, filetype: text, sha256: anything, size: anything })),
    }),
  ),
});
/** Resources that are asked about: the kernels of one series. */
const MOST_ASKED = 64;

/**
 * The ephemeral system that a MAAS has imported, with the sums that it lists. Its server gives the files to everybody: up to 3.4 as
 * `images-stream/OS/ARCH/SUBARCH/SERIES/VERSION/FILE`, from 3.5 on as `boot-resources/NAME-ON-DISK/FILE` (regiond.nginx.conf of 3.5.0 to 3.7.3).
 * @throws Fault EPHEMERAL_UNUSABLE with what it has; MAAS_* as every request
 */
export async function importedEphemeral(
  client: MaasClient,
  wanted: WantedEphemeral,
  caCert: string | null,
): Promise<OfferedEphemeral> {
  const place = client.url;
  const path = 'boot-resources/?type=synced';
  const all = expect(await client.get(path), RESOURCES, client, path);
  const isWanted = ({ name, architecture }: (typeof all)[number]) =>
    name === `ubuntu/${wanted.series}` && architecture.startsWith('amd64/');
  const offers: Offer[] = [];
  for (const { id, name, architecture } of all.filter(isWanted).slice(0, MOST_ASKED))
    offers.push(...(await offersOf(client, { id, release: name, architecture })));
  const others = all
    .filter((one) => !isWanted(one))
    .map(({ name, architecture }): Offer => ({ release: name, architecture, version: '', files: new Map() }));
  const chosen = choose([...offers, ...others], wanted, place);
  const { release, architecture, version } = chosen;
  const isOnDisk = atLeast(await client.version(), 3, 5);
  const [system, series] = release.split('/');
  const urlOf = (file: string) => {
    const below = isOnDisk
      ? `boot-resources/${file}`
      : `images-stream/${system}/${architecture}/${series}/${version}/${file.split('/').at(-1)}`;
    if (!isInside(below))
      throw unusable(
        `${place} names a file of ${release} by what cannot be a path`,
        'Is this the URL of a MAAS?',
      );
    return `${client.url}/${below}`;
  };
  return {
    from: 'maas',
    name: `${release} ${architecture} ${version} of ${place}`,
    files: bootFiles(chosen, place, urlOf),
    caCert,
  };
}

async function offersOf(
  client: MaasClient,
  { id, release, architecture }: { id: number; release: string; architecture: string },
): Promise<Offer[]> {
  const path = `boot-resources/${id}/`;
  const { sets } = expect(await client.get(path), RESOURCE, client, path);
  return Object.entries(sets).map(([version, { complete, files }]) => ({
    ...{ release, architecture, version },
    // Of one that is still imported nothing is used.
    files: new Map(complete ? Object.values(files).map((file) => [file.filetype, fileOf(file)]) : []),
  }));
}

function fileOf(file: { filename: string; sha256: unknown; size: unknown; filename_on_disk?: unknown }) {
  const { filename, sha256, size, filename_on_disk: onDisk } = file;
  // 3.5.0 and 3.5.1 name the file on the disk by its whole sum, and do not list that name.
  return { path: `${typeof onDisk === 'string' ? onDisk : sha256}/${filename}`, sha256, size };
}

function expect<T>(value: unknown, shape: Shape<T>, client: MaasClient, path: string): T {
  const wrong = differenceFrom(shape, value);
  if (wrong) throw client.notMaas(path, `${wrong.member || 'the whole'} ${wrong.problem}`);
  return value as T;
}
