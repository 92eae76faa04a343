import { readdir, rm } from 'node:fs/promises';
import type { RetentionConfig } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { keptFile } from '../../workspace/layout.ts';
import { channelHistory, channelNames } from '../../workspace/ledger/channel.ts';
import { type LedgerEntry, readLedger, record } from '../../workspace/ledger/ledger.ts';
import { listUploaded } from '../api/answers.ts';
import { createClient, type MaasClient } from '../api/client.ts';
import { atLeast } from '../api/version.ts';
import type { ChosenTarget } from './choose-targets.ts';
import { type ListedImage, listImages } from './list-images.ts';
import { type Renewal, renewalOf, renewChannel, warningOf } from './renew.ts';
import { decideRetention, mayHaveDue, type RetentionDecision } from './retention.ts';
import { freedBy } from './stored.ts';

export interface PruneRequest {
  policy: RetentionConfig;
  /** Only uploads of these images of the configuration; all where nothing is said. */
  images: readonly string[] | undefined;
  /** Also old sets of channels, see `renewChannel`. */
  channels?: { keepIn: string; confirm: (text: string) => Promise<void> };
  dryRun: boolean;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

export interface PrunedImage extends RetentionDecision {
  /** Bytes that its deletion frees in MAAS: none where another image or set has the same data. */
  frees: number;
  /** Of a channel: the data of earlier promotions that it keeps, and whether it is deleted. */
  renewal?: Renewal;
}

/** Deletes from a MAAS what the retention does not keep; with `dryRun` nothing is deleted. @throws Fault MAAS_* */
export async function prune(chosen: ChosenTarget, request: PruneRequest): Promise<PrunedImage[]> {
  const { policy, images: only, dryRun, emit, signal, env } = request;
  const { target, key } = chosen;
  const client = createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
  const ledger = await readLedger(env);
  const images = await listImages(chosen, { ...request, machines: true });
  const judged = decideRetention(images, ledger, client.url, policy, new Date()).filter(
    ({ image }) => only === undefined || isOf(only, image.name, ledger),
  );
  const version = await client.version();
  const deleted = judged.filter((one) => one.delete).map(({ image }) => image.id);
  const freed = freedBy(images, deleted, atLeast(version, 3, 5));
  const kept = images.filter(({ id }) => !deleted.includes(id));
  const pruned = judged.map((one): PrunedImage => {
    const { image } = one;
    const renewal = one.delete ? undefined : renewalOf(image, kept, ledger, client.url, version);
    return { ...one, frees: freed.get(image.id) ?? 0, ...(renewal ? { renewal } : {}) };
  });
  if (dryRun) return pruned;
  const renewed = request.channels
    ? pruned.filter(({ renewal }) => renewal && renewal.how !== 'never' && renewal.frees > 0)
    : [];
  // Asked before anything is deleted: after a no everything is kept.
  const warnings = renewed.flatMap(({ image, renewal }) => warningOf(image, renewal as Renewal) ?? []);
  if (warnings.length > 0) await request.channels?.confirm(`${target.name}:\n${warnings.join('\n')}`);
  for (const { image, delete: due } of pruned)
    if (due) await deleteImage(client, image, ledger, { env, emit });
  for (const { image, renewal } of renewed)
    (renewal as Renewal).done = await renewChannel(chosen, image, ledger, {
      ...request,
      keepIn: request.channels?.keepIn as string,
    });
  return pruned;
}

/**
 * Prunes as `prune` does, and asks MAAS for each image only where one of them may be due: on most nights one request is enough.
 * @returns the names of those that are deleted, and the number of those that are kept
 */
export async function pruneDue(
  chosen: ChosenTarget,
  request: PruneRequest & { images: readonly string[] },
): Promise<{ deleted: string[]; kept: number }> {
  const { policy, images, emit, signal, env } = request;
  const { target, key } = chosen;
  const client = createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
  const ledger = await readLedger(env);
  const listed = (await listUploaded(client)).filter(({ name }) => isOf(images, name, ledger));
  if (!mayHaveDue(listed, ledger, client.url, policy, new Date()))
    return { deleted: [], kept: listed.length };
  const judged = await prune(chosen, request);
  const deleted = judged.filter((one) => one.delete).map(({ image }) => image.name);
  return { deleted, kept: judged.length - deleted.length };
}

/** Whether an upload, by its name, is one of these images of the configuration. */
function isOf(images: readonly string[], name: string, ledger: readonly LedgerEntry[]): boolean {
  return ledger.some((e) => e.name === name && e.image !== undefined && images.includes(e.image));
}

/** Deletes one image and notes it. */
export async function deleteImage(
  client: MaasClient,
  image: Pick<ListedImage, 'id'>,
  ledger: readonly LedgerEntry[],
  { env, emit }: { env: NodeJS.ProcessEnv; emit: Emit },
): Promise<void> {
  await client.delete(`boot-resources/${image.id}/`);
  const entry = ledger.findLast((e) => e.resourceId === image.id && e.target === client.url);
  if (entry) await record({ ...entry, did: 'pruned' }, env, emit);
}

/** Removes kept artifacts that no channel holds or could go back to. */
export async function pruneKept(dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  const ledger = await readLedger(env);
  const needed = new Set<string>();
  for (const target of new Set(ledger.map((entry) => entry.target)))
    for (const name of channelNames(ledger, target))
      for (const { sha256 } of channelHistory(ledger, target, name).slice(-2)) needed.add(sha256);
  const names = await readdir(dir).catch(() => []);
  for (const name of names) if (!needed.has(name)) await rm(keptFile(dir, name), { force: true });
}
