import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emit } from '../events/event.ts';
import { channelHistory, channelNames } from '../ledger/channel.ts';
import { readLedger, record } from '../ledger/ledger.ts';
import { createClient } from '../maas/client.ts';
import type { ChosenTarget } from './choose-targets.ts';
import { listImages } from './list-images.ts';
import { type Judged, judgeImages, type Retention } from './retention.ts';

export interface PruneRequest {
  policy: Retention;
  /** Only uploads of these images of the configuration; all where nothing is said. */
  images: readonly string[] | undefined;
  dryRun: boolean;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

/** Deletes from a MAAS what the retention lets go; with `dryRun` only says so. @throws Fault MAAS_* */
export async function prune(chosen: ChosenTarget, request: PruneRequest): Promise<Judged[]> {
  const { policy, images: only, dryRun, emit, signal, env } = request;
  const { target, key } = chosen;
  const client = createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
  const ledger = await readLedger(env);
  const images = await listImages(chosen, { ...request, machines: true });
  const judged = judgeImages(images, ledger, client.url, policy, new Date()).filter(
    ({ image }) =>
      only === undefined ||
      ledger.some((e) => e.name === image.name && e.image !== undefined && only.includes(e.image)),
  );
  for (const { image, delete: goes } of judged) {
    if (!goes || dryRun) continue;
    await client.delete(`boot-resources/${image.id}/`);
    const entry = ledger.findLast((e) => e.resourceId === image.id && e.target === client.url);
    if (entry) await record({ ...entry, did: 'pruned' }, env, emit);
  }
  return judged;
}

/** Removes kept contents that no channel shows or would go back to. */
export async function pruneKept(dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  const ledger = await readLedger(env);
  const needed = new Set<string>();
  for (const target of new Set(ledger.map((entry) => entry.target)))
    for (const name of channelNames(ledger, target))
      for (const { sha256 } of channelHistory(ledger, target, name).slice(-2)) needed.add(sha256);
  const names = await readdir(dir).catch(() => []);
  for (const name of names) if (!needed.has(name)) await rm(join(dir, name), { force: true });
}
