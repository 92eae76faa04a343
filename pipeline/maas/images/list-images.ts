import pLimit from 'p-limit';
import { plainName } from '../../config/image-name.ts';
import { type LedgerEntry, readLedger } from '../../workspace/ledger/ledger.ts';
import { acceptanceStateOf } from '../acceptance/quarantine.ts';
import { type BootResourceDetail, listUploaded, readResource } from '../api/answers.ts';
import { createClient, type MaasClient } from '../api/client.ts';
import { listMachines } from '../machines/api.ts';
import type { Machine } from '../machines/types.ts';
import type { ChosenTarget } from './choose-targets.ts';
import type { StoredSet } from './stored.ts';
import { compareVersions } from './upload-state.ts';

/** An uploaded image as MAAS has it. */
export interface ListedImage {
  id: number;
  name: string;
  title: string | null;
  architecture: string;
  /** Reported by MAAS from 3.5 on. */
  baseImage: string | null;
  /** Version of the set in use, or of the newest one when none is complete. */
  set: string | null;
  /** Bytes. */
  size: number;
  sha256: string | null;
  complete: boolean;
  /** Percent, while it is not complete. */
  progress: number | null;
  /** Every upload that MAAS keeps of it, the newest first. */
  sets: StoredSet[];
  /** Reported by MAAS from 3.4 on; null: never. */
  lastDeployed: string | null | undefined;
  /** Host names of the machines that have it now; undefined: nobody asked. */
  machines: string[] | undefined;
  /** Those of them that are being deployed with it now. */
  deploying?: string[];
  /** The upload from this host that it is, by its digest. */
  build: { image: string | null; uploaded: string } | null;
  /** The results of this artifact on machines, as far as it was tried from here. */
  acceptance: 'accepted' | 'quarantined' | null;
}

// The list has no sizes: one request for each image, a few at a time.
const AT_ONCE = 4;

export interface ListSession {
  emit: Parameters<typeof createClient>[0]['emit'];
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
  /** Ask for the machines too: one request, a long one on a MAAS with many. */
  machines?: boolean;
}

/** Lists the uploaded images of a MAAS, by name. @throws Fault MAAS_* */
export async function listImages(
  { target, key }: ChosenTarget,
  session: ListSession,
): Promise<ListedImage[]> {
  const { emit, signal, env } = session;
  const client = createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
  const ledger = await readLedger(env);
  const limit = pLimit(AT_ONCE);
  const all = await listUploaded(client);
  const details = await Promise.all(all.map(({ id }) => limit(() => readResource(client, id))));
  const machines = session.machines ? await machinesByImage(client) : undefined;
  return details
    .map((detail) => ({
      ...listed(detail, ledger),
      ...machinesOf(detail.name, machines),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * The machines with each uploaded image. MAAS itself notes a deployment under `custom/NAME`, and an upload is called
 * `NAME`, so its `last_deployed` says nothing of uploads.
 */
async function machinesByImage(client: MaasClient): Promise<Map<string, Machine[]>> {
  const found = new Map<string, Machine[]>();
  for (const machine of await listMachines(client)) {
    if (machine.osystem !== 'custom' || !machine.series) continue;
    const name = plainName(machine.series);
    found.set(name, [...(found.get(name) ?? []), machine]);
  }
  return found;
}

function machinesOf(
  name: string,
  machines: ReadonlyMap<string, Machine[]> | undefined,
): Pick<ListedImage, 'machines' | 'deploying'> {
  if (!machines) return { machines: undefined };
  const own = machines.get(plainName(name)) ?? [];
  const deploying = own.filter(({ status }) => status === 'deploying').map(({ hostname }) => hostname);
  return { machines: own.map(({ hostname }) => hostname), ...(deploying.length > 0 ? { deploying } : {}) };
}

/** One line of the list, from the full form and what was noted here. */
export function listed(
  detail: BootResourceDetail,
  ledger: readonly LedgerEntry[],
): Omit<ListedImage, 'machines' | 'deploying'> {
  const sets = detail.sets
    .filter(({ files }) => files.length > 0)
    .sort((a, b) => compareVersions(b.version, a.version));
  const set = sets.find(({ complete }) => complete) ?? sets[0];
  const sha256 = set?.files[0]?.sha256 ?? null;
  const { state } = acceptanceStateOf(ledger, sha256 ?? '');
  const noted = ledger.find((entry) => entry.sha256 === sha256 && entry.did !== 'found');
  return {
    id: detail.id,
    name: detail.name,
    title: detail.title,
    architecture: detail.architecture,
    baseImage: detail.baseImage ?? null,
    set: set?.version ?? null,
    size: set?.size ?? 0,
    sha256,
    complete: set?.complete ?? false,
    progress: set?.progress ?? null,
    sets: sets.map(({ version, size, complete, progress, files }) => ({
      ...{ version, size, complete, sha256: files[0]?.sha256 ?? '' },
      stored: complete ? size : Math.round(((progress ?? 0) / 100) * size),
    })),
    lastDeployed: detail.lastDeployed,
    build: noted ? { image: noted.image ?? null, uploaded: noted.time } : null,
    acceptance: state === 'untried' ? null : state,
  };
}
