import pLimit from 'p-limit';
import { type BootResourceDetail, listUploaded, readResource } from '../maas/answers.ts';
import { createClient } from '../maas/client.ts';
import type { ChosenTarget } from './choose-targets.ts';
import { type LedgerEntry, readLedger } from './ledger.ts';
import { compareVersions } from './standing.ts';

/** An uploaded image as MAAS has it. */
export interface ListedImage {
  id: number;
  name: string;
  title: string | null;
  architecture: string;
  /** Told by MAAS from 3.5 on. */
  baseImage: string | null;
  /** Version of the set in use, or of the newest one when none is complete. */
  set: string | null;
  /** Bytes. */
  size: number;
  sha256: string | null;
  complete: boolean;
  /** Percent, while it is not complete. */
  progress: number | null;
  /** Told by MAAS from 3.4 on; null: never. */
  lastDeployed: string | null | undefined;
  /** What this host uploaded it from, by its sum. */
  build: { image: string | null; uploaded: string } | null;
}

// The list does not tell sizes: one request for each image, a few at a time.
const AT_ONCE = 4;

/** Lists the uploaded images of a MAAS, by name. @throws Fault MAAS_* */
export async function listImages(
  { target, key }: ChosenTarget,
  session: { emit: Parameters<typeof createClient>[0]['emit']; signal: AbortSignal; env: NodeJS.ProcessEnv },
): Promise<ListedImage[]> {
  const { emit, signal, env } = session;
  const client = createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
  const ledger = await readLedger(env);
  const limit = pLimit(AT_ONCE);
  const all = await listUploaded(client);
  const details = await Promise.all(all.map(({ id }) => limit(() => readResource(client, id))));
  return details.map((detail) => listed(detail, ledger)).sort((a, b) => a.name.localeCompare(b.name));
}

/** One line of the list, from the full form and what was noted here. */
export function listed(detail: BootResourceDetail, ledger: readonly LedgerEntry[]): ListedImage {
  const sets = detail.sets
    .filter(({ files }) => files.length > 0)
    .sort((a, b) => compareVersions(b.version, a.version));
  const set = sets.find(({ complete }) => complete) ?? sets[0];
  const sha256 = set?.files[0]?.sha256 ?? null;
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
    lastDeployed: detail.lastDeployed,
    build: noted ? { image: noted.image ?? null, uploaded: noted.time } : null,
  };
}
