import { maasUrl } from '../../config/maas-url.ts';
import type { Emit } from '../../core/events/event.ts';
import { bytes } from '../../core/text/human.ts';
import { channelHistory } from '../../workspace/ledger/channel.ts';
import { type LedgerEntry, record } from '../../workspace/ledger/ledger.ts';
import { atLeast, type MaasVersion } from '../api/version.ts';
import type { ChosenTarget } from './choose-targets.ts';
import type { ListedImage } from './list-images.ts';
import { kept } from './promote.ts';
import { freedByRenewal, setInUse } from './stored.ts';
import { uploadImage } from './upload.ts';

/**
 * The data of earlier promotions that a channel keeps. MAAS deletes no set of an upload by itself, and its API deletes none but with the whole image;
 * a new set made without `keep_old` takes the others with it.
 */
export interface Renewal {
  /** Sets that are not in use. */
  oldSets: number;
  /** Bytes that would be free without them. */
  frees: number;
  /**
   * `at-once`: up to 3.4 a new set of the data in use is complete in the same request. `sent-again`: from 3.5 to 3.7 it is sent
   * anew, and the channel has nothing until it is complete. `never`: see `why`.
   */
  how: 'at-once' | 'sent-again' | 'never';
  why?: string;
  /** Whether it was done. */
  done?: boolean;
}

/** The bytes that renewing an image's only set in use would free, or undefined where there are no old sets of a channel. */
export function renewalOf(
  image: ListedImage,
  images: readonly ListedImage[],
  ledger: readonly LedgerEntry[],
  target: string,
  version: MaasVersion,
): Renewal | undefined {
  const inUse = setInUse(image.sets);
  const entry = channelHistory(ledger, target, image.name).at(-1);
  if (!inUse || !entry || image.sets.length < 2) return undefined;
  const files = atLeast(version, 3, 5);
  const found = { oldSets: image.sets.length - 1, frees: freedByRenewal(image, images, files) };
  const never = (why: string): Renewal => ({ ...found, how: 'never', why });
  if (entry.sha256 !== inUse.sha256) return never('the current build was not promoted from this host');
  if (atLeast(version, 3, 8))
    return never(
      'MAAS 3.8 would write the shared file of this data again: no image that shares it could be deployed meanwhile',
    );
  if (!files) return { ...found, how: 'at-once' };
  const elsewhere = images.some(
    ({ id, sets }) => id !== image.id && sets.some((set) => set.complete && set.sha256 === inUse.sha256),
  );
  if (!elsewhere)
    return never('its data is not complete under another name that could be deployed meanwhile');
  return { ...found, how: 'sent-again' };
}

/** The warning before a channel is sent again; undefined where its users notice nothing. */
export function warningOf(image: ListedImage, { how, oldSets, frees }: Renewal): string | undefined {
  if (how !== 'sent-again') return undefined;
  return `${image.name}: ${oldSets} old ${oldSets === 1 ? 'set is' : 'sets are'} deleted (${bytes(frees)}). Until ${bytes(image.size)} are sent again the channel cannot be deployed; the versioned image with the same data can be deployed meanwhile.`;
}

/**
 * Leaves a channel nothing but the data in use. Where it has to be sent again, the channel has nothing until it is complete
 * (`warningOf`), while the versioned name of the same data can be deployed all the time.
 * @returns whether it was done; false while a machine is being deployed with the channel
 */
export async function renewChannel(
  chosen: ChosenTarget,
  image: ListedImage,
  ledger: readonly LedgerEntry[],
  request: {
    keepIn: string;
    emit: Emit;
    signal: AbortSignal;
    env: NodeJS.ProcessEnv;
  },
): Promise<boolean> {
  const { target, key } = chosen;
  const { emit, signal, env } = request;
  const url = maasUrl(target.url);
  const entry = channelHistory(ledger, url, image.name).at(-1);
  if (!entry) return false;
  if (image.deploying?.length) {
    emit({
      type: 'notice',
      level: 'warning',
      message: `${image.name} keeps its old sets: ${image.deploying.join(', ')} is being deployed from it`,
    });
    return false;
  }
  // Its local copy first: without it the channel could not be filled again.
  const file = await kept(entry, request);
  const { sha256, size, title, architecture, baseImage, filetype } = entry;
  const { resourceId, set } = await uploadImage({
    ...{ target, key, file, sha256, size, title, architecture, baseImage, filetype, emit, signal, env },
    ...{ name: `custom/${image.name}`, anew: true, validated: true },
    patienceS: target.patienceS,
    id: `upload:${target.name}`,
  });
  await record({ ...entry, did: 'promoted', target: url, resourceId, set, file }, env, emit);
  return true;
}
