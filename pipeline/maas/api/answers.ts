import { plainName } from '../../config/image-name.ts';
import type { MaasClient } from './client.ts';

/** A boot resource as the list shows it. */
export interface BootResource {
  id: number;
  type: string;
  /** Without `custom/`. */
  name: string;
  title: string | null;
  /** Such as amd64/generic. */
  architecture: string;
  /** From 3.5 on; undefined before. */
  baseImage: string | undefined;
  /** From 3.4 on. */
  lastDeployed: string | null | undefined;
}

export interface BootResourceDetail extends BootResource {
  sets: BootResourceSet[];
}

/** One upload of a resource. */
export interface BootResourceSet {
  version: string;
  /** Bytes. */
  size: number;
  complete: boolean;
  /** Percent of `size` times the number of regions; undefined once complete. */
  progress: number | undefined;
  files: BootResourceFile[];
}

export interface BootResourceFile {
  sha256: string;
  size: number;
  complete: boolean;
  /** Undefined once complete. */
  uploadUri: string | undefined;
  /** As it is stored: root-tgz, root-dd, …; boot-kernel, squashfs, … of what MAAS imported. */
  filetype: string;
}

type Raw = Record<string, unknown>;

/** The uploaded images of a MAAS. @throws Fault MAAS_PROTOCOL for an answer of another shape */
export async function listUploaded(client: MaasClient): Promise<BootResource[]> {
  const path = 'boot-resources/?type=uploaded';
  const list = await client.get(path);
  if (!Array.isArray(list)) throw client.notMaas(path, 'there is no list in it');
  return list.map((item) => resource(client, path, item)).filter(({ type }) => type === 'Uploaded');
}

/** One resource with its sets. @throws Fault MAAS_NOT_FOUND */
export async function readResource(client: MaasClient, id: number): Promise<BootResourceDetail> {
  const path = `boot-resources/${id}/`;
  return detail(client, path, await client.get(path));
}

/** Reads the full form of a resource, as GET and POST give it. */
export function detail(client: MaasClient, path: string, value: unknown): BootResourceDetail {
  const sets = (value as Raw | null)?.sets;
  if (typeof sets !== 'object' || sets === null) throw client.notMaas(path, 'there are no sets in it');
  return {
    ...resource(client, path, value),
    sets: Object.values(sets as Record<string, Raw>).map((set) => ({
      version: String(set.version),
      size: Number(set.size),
      complete: set.complete === true,
      progress: typeof set.progress === 'number' ? set.progress : undefined,
      files: Object.entries((set.files ?? {}) as Record<string, Raw>).map(([filetype, file]) => ({
        filetype,
        sha256: String(file.sha256).toLowerCase(),
        size: Number(file.size),
        complete: file.complete === true,
        uploadUri: typeof file.upload_uri === 'string' ? file.upload_uri : undefined,
      })),
    })),
  };
}

function resource(client: MaasClient, path: string, value: unknown): BootResource {
  const raw = (value ?? {}) as Raw;
  if (typeof raw.id !== 'number' || typeof raw.name !== 'string' || typeof raw.architecture !== 'string')
    throw client.notMaas(path, 'there is no boot resource in it');
  return {
    id: raw.id,
    type: String(raw.type),
    name: plainName(raw.name),
    title: typeof raw.title === 'string' && raw.title ? raw.title : null,
    architecture: raw.architecture,
    baseImage: typeof raw.base_image === 'string' ? raw.base_image : undefined,
    lastDeployed: raw.last_deployed as string | null | undefined,
  };
}

const regions = new WeakMap<MaasClient, Promise<string[]>>();

/**
 * System ids of the region controllers, in order: random once for each, so together they distinguish one MAAS from another. One request for
 * each client.
 */
export function regionIds(client: MaasClient): Promise<string[]> {
  const known = regions.get(client) ?? readRegionIds(client);
  regions.set(client, known);
  // A later call tries again.
  known.catch(() => regions.delete(client));
  return known;
}

async function readRegionIds(client: MaasClient): Promise<string[]> {
  const list = await client.get('regioncontrollers/');
  return Array.isArray(list) ? list.map((region: Raw) => String(region.system_id)).sort() : [];
}

/** The number of regions that keep a copy of each file (3.5 and later). */
export async function countRegions(client: MaasClient): Promise<number> {
  return Math.max(1, (await regionIds(client)).length);
}
