import { copyFile, link, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { digestOf } from '../../image/read/digest.ts';
import { artifactNow, keptFile } from '../../workspace/layout.ts';
import {
  type ChannelImage,
  channelHistory,
  channelName,
  channelsOf,
  emptyChannel,
} from '../../workspace/ledger/channel.ts';
import { type LedgerEntry, readLedger, record } from '../../workspace/ledger/ledger.ts';
import { uploadOf } from '../../workspace/ledger/upload-of.ts';
import { checkPromotable } from '../acceptance/quarantine.ts';
import { listUploaded, readResource } from '../api/answers.ts';
import { createClient, type MaasClient } from '../api/client.ts';
import type { ChosenTarget } from './choose-targets.ts';
import { type UploadResult, uploadImage } from './upload.ts';
import { uploadState } from './upload-state.ts';

export interface ChannelRequest {
  image: ChannelImage;
  channel: string;
  /** The folder of the artifacts that channels hold, so that a channel can go back after the next build. */
  keepIn: string;
  /**
   * Fetches an artifact that is not here, by its digest, from where builders share their results; false where it is not there.
   * Without it only what is here can be promoted.
   */
  fetch?:
    | ((entry: Pick<LedgerEntry, 'name' | 'sha256' | 'size'>, to: string) => Promise<boolean>)
    | undefined;
  /** Promote only what was accepted on a machine. */
  requireAccepted?: boolean;
  /** Promote even what failed there. */
  quarantined?: boolean;
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

export interface ChannelUpdate extends UploadResult {
  target: string;
  /** The versioned name of the build that the channel holds now. */
  of: string;
}

/**
 * Promotes the newest upload of an image, or the one named, to a channel. MAAS has no second name for the same data, so the
 * artifact is sent again under the channel's name, beside the old one, which MAAS deploys until the new one is complete.
 * @throws Fault MAAS_NOT_FOUND when the upload is not complete in MAAS, IMAGE_REJECTED when its checks have not passed,
 *   IMAGE_QUARANTINED when it failed on a machine
 */
export async function promote(
  chosen: ChosenTarget,
  version: string | undefined,
  request: ChannelRequest,
): Promise<ChannelUpdate> {
  const client = open(chosen, request);
  const ledger = await readLedger(request.env);
  const entry = uploadOf(ledger, client.url, request.image.name, version);
  checkPromotable(ledger, entry, request);
  announceNewChannel(channelsOf(ledger, client.url, request.image), request);
  await expectComplete(client, entry);
  const checked = ledger.some(({ sha256, validated }) => sha256 === entry.sha256 && validated);
  if (!checked)
    throw new Fault(
      'IMAGE_REJECTED',
      `${entry.name} was uploaded unchecked, and only checked images can be promoted`,
      {
        hint: `dgxos-maas run ${request.image.name} checks and uploads it.`,
      },
    );
  return updateChannel(client, chosen, entry, 'promoted', request);
}

/** A channel comes into being by its first promotion; a misspelt one should not come unnoticed. */
function announceNewChannel(known: readonly string[], { channel, image, emit }: ChannelRequest): void {
  if (known.length === 0 || known.includes(channel)) return;
  emit({
    type: 'notice',
    level: 'warning',
    message: `"${channel}" is a new channel of ${image.name}; there are: ${known.join(', ')}`,
  });
}

/**
 * Gives a channel the build that it held before.
 * @throws Fault MAAS_NOT_FOUND when there is nothing before
 */
export async function rollBack(chosen: ChosenTarget, request: ChannelRequest): Promise<ChannelUpdate> {
  const client = open(chosen, request);
  const name = channelName(request.image, request.channel);
  const ledger = await readLedger(request.env);
  const held = channelHistory(ledger, client.url, name);
  if (held.length === 0) throw emptyChannel(ledger, client.url, request.image, request.channel);
  const before = held.at(-2);
  if (!before)
    throw new Fault('MAAS_NOT_FOUND', `${name} has had only one build so far`, {
      hint: 'Only builds that were promoted from this host can be restored.',
    });
  return updateChannel(client, chosen, before, 'rolled-back', request);
}

async function updateChannel(
  client: MaasClient,
  chosen: ChosenTarget,
  entry: LedgerEntry,
  did: 'promoted' | 'rolled-back',
  request: ChannelRequest,
): Promise<ChannelUpdate> {
  const { image, channel, emit, signal, env } = request;
  const name = channelName(image, channel);
  const file = await kept(entry, request);
  const { title, architecture, baseImage, filetype, sha256, size } = entry;
  const result = await uploadImage({
    ...chosen,
    ...{ file, sha256, size, title, architecture, baseImage, filetype, emit, signal, env },
    name: `custom/${name}`,
    patienceS: chosen.target.patienceS,
    id: `upload:${chosen.target.name}`,
    validated: true,
  });
  const of = entry.of ?? entry.name;
  const { resourceId, set } = result;
  await record(
    { ...entry, did, target: client.url, resourceId, set, name, of, file, image: image.name },
    env,
    emit,
  );
  return { ...result, target: chosen.target.name, of };
}

/**
 * The artifact, kept by a second name of the same bytes: the next build writes a new file in the old one's place. A kept file
 * that is damaged is made anew of the artifact, as long as that one is good.
 */
export async function kept(
  entry: LedgerEntry,
  { keepIn: dir, emit, signal, fetch }: Pick<ChannelRequest, 'keepIn' | 'emit' | 'signal' | 'fetch'>,
): Promise<string> {
  const path = keptFile(dir, entry.sha256);
  const found = await currentEntry(path, entry, emit, signal);
  if (found === 'good') return path;
  // The path at the upload, or the one in the workspace since it was moved.
  const places = [entry.file, ...(entry.image ? [artifactNow(dir, entry.image)] : [])];
  let from: string | undefined;
  for (const place of places)
    if (from === undefined && (await currentEntry(place, entry, emit, signal)) === 'good') from = place;
  if (from === undefined) return fetched(entry, path, fetch);
  if (found === 'other')
    emit({
      type: 'notice',
      level: 'warning',
      message: `${path} was damaged; ${from} is kept in its place`,
    });
  const part = `${path}.${process.pid}.part`;
  try {
    await makeFolders(dir);
    await link(from, part).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EXDEV' && error.code !== 'EPERM') throw error;
      await copyFile(from, part);
    });
    await rename(part, path);
  } catch (error) {
    throw fromSystemError(error, `keeping ${from} in ${dir}`);
  } finally {
    // Of two names of one file `rename` removes none.
    await rm(part, { force: true });
  }
  return path;
}

/** The artifact out of the store, for a host that does not have it: another one has built or uploaded it. */
async function fetched(
  { name, file, sha256, size }: LedgerEntry,
  path: string,
  fetch: ChannelRequest['fetch'],
): Promise<string> {
  const part = `${path}.${process.pid}.part`;
  try {
    await makeFolders(dirname(path));
    if (await fetch?.({ name, sha256, size }, part)) {
      await rename(part, path);
      return path;
    }
  } catch (error) {
    throw fromSystemError(error, `keeping ${name} in ${dirname(path)}`);
  } finally {
    await rm(part, { force: true });
  }
  const where = fetch ? ', and the store does not have it' : '';
  throw new Fault('UPLOAD_MISSING', `The file of ${name} no longer exists: ${file} has changed${where}`, {
    hint: 'Build and upload the image again, then promote it.',
  });
}

/** Whether the file at a path is the artifact of an entry: the size first, as it costs nothing. */
async function currentEntry(
  path: string,
  { size, sha256 }: LedgerEntry,
  emit: Emit,
  signal: AbortSignal,
): Promise<'good' | 'other' | 'nothing'> {
  const facts = await stat(path).catch(() => undefined);
  if (!facts) return 'nothing';
  if (facts.size !== size) return 'other';
  try {
    return (await digestOf(path, emit, signal)).sha256 === sha256 ? 'good' : 'other';
  } catch (error) {
    // A sector that cannot be read is damage, too.
    if (signal.aborted) throw error;
    return 'other';
  }
}

async function expectComplete(client: MaasClient, entry: LedgerEntry): Promise<void> {
  const all = await listUploaded(client);
  const found = all.find((one) => one.name === entry.name && one.architecture === entry.architecture);
  const now = found && uploadState(await readResource(client, found.id), entry, 1);
  if (now?.at !== 'complete')
    throw new Fault('MAAS_NOT_FOUND', `${entry.name} is not complete in MAAS`, {
      hint: `dgxos-maas upload ${entry.image} completes it.`,
    });
}

function open({ target, key }: ChosenTarget, { emit, signal }: ChannelRequest): MaasClient {
  return createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
}
