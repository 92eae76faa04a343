import type { RetentionConfig } from '../../config/types.ts';
import { channelHistory, channelNames } from '../../workspace/ledger/channel.ts';
import type { LedgerEntry } from '../../workspace/ledger/ledger.ts';
import type { ListedImage } from './list-images.ts';

/** The state of an image that the retention looks at. */
export type Retained = Pick<ListedImage, 'id' | 'name' | 'sha256' | 'complete' | 'machines' | 'lastDeployed'>;

export interface RetentionDecision<T extends Retained = ListedImage> {
  image: T;
  delete: boolean;
  why: string;
}

const DAY_MS = 24 * 3600 * 1000;
// An upload that has not ended after so long has no process behind it any more.
const IN_FLIGHT_MS = DAY_MS;

/** The state of a target's images that decides whether one of them may be deleted. */
export interface RetentionContext {
  /** The ledger's entries of the target. */
  here: readonly LedgerEntry[];
  channels: ReadonlySet<string>;
  /** The channels that hold an artifact, or could go back to it, by its digest. */
  held: ReadonlyMap<string, string>;
  now: Date;
}

/** @param target the URL of the MAAS */
export function retentionContext(
  ledger: readonly LedgerEntry[],
  target: string,
  now: Date,
): RetentionContext {
  const here = ledger.filter((entry) => entry.target === target);
  const channels = channelNames(here, target);
  const held = [...channels].flatMap((name) =>
    channelHistory(here, target, name)
      .slice(-2)
      .map((e) => [e.sha256, name] as const),
  );
  return { here, channels, held: new Map(held), now };
}

/** The newest entry of the ledger on an image. */
export function entryOf(
  image: Pick<Retained, 'id' | 'name'>,
  { here }: RetentionContext,
): LedgerEntry | undefined {
  return here.findLast((e) => e.resourceId === image.id && e.name === image.name);
}

/**
 * Why an image must be kept whatever the retention: a channel, what a channel needs, what a machine has, or what may be on its way.
 * Undefined where nothing of this holds.
 */
export function guard(image: Retained, ground: RetentionContext): string | undefined {
  if (ground.channels.has(image.name)) return 'a channel';
  const channel = image.sha256 === null ? undefined : ground.held.get(image.sha256);
  if (channel !== undefined) return `${channel} has it, or could be rolled back to it`;
  const [machine, ...more] = image.machines ?? [];
  if (machine !== undefined)
    return `deployed on ${machine}${more.length > 0 ? ` and ${more.length} more` : ''}`;
  const entry = entryOf(image, ground);
  const ageMs = entry ? ground.now.getTime() - Date.parse(entry.time) : Number.POSITIVE_INFINITY;
  return !image.complete && ageMs < IN_FLIGHT_MS ? 'still uploading' : undefined;
}

/**
 * Decides which uploads of a target are deleted. Only what was uploaded from here is ever deleted, and nothing that `guard` holds.
 * @param target the URL of the MAAS
 */
export function decideRetention<T extends Retained>(
  images: readonly T[],
  ledger: readonly LedgerEntry[],
  target: string,
  policy: RetentionConfig,
  now: Date,
): RetentionDecision<T>[] {
  const ground = retentionContext(ledger, target, now);
  const ages = new Map<string, number>();
  const uploads = images
    .map((image) => ({ image, entry: entryOf(image, ground) }))
    .sort((a, b) => Date.parse(b.entry?.time ?? '') - Date.parse(a.entry?.time ?? ''));
  return uploads.map(({ image, entry }) => {
    const kept = (why: string): RetentionDecision<T> => ({ image, delete: false, why });
    if (!entry?.image) return kept('not uploaded from this host');
    const held = guard(image, ground);
    if (held !== undefined) return kept(held);
    if (!image.complete) return { image, delete: true, why: 'never completed, and older than a day' };
    const ageMs = now.getTime() - Date.parse(entry.time);
    const rank = (ages.get(entry.image) ?? 0) + 1;
    ages.set(entry.image, rank);
    if (rank <= policy.keep) return kept(`one of the newest ${policy.keep} of ${entry.image}`);
    if (ageMs < policy.days * DAY_MS) return kept(`not ${policy.days} days old`);
    if (image.lastDeployed === undefined && policy.deployedDays > 0)
      return kept('this MAAS does not report deployments');
    const deployedMs = image.lastDeployed
      ? now.getTime() - deployedAt(image.lastDeployed)
      : Number.POSITIVE_INFINITY;
    if (!(deployedMs >= policy.deployedDays * DAY_MS)) return kept('recently deployed');
    return {
      image,
      delete: true,
      why: `older than ${policy.days} days, and there are ${policy.keep} newer ones`,
    };
  });
}

/**
 * Whether something may be deleted, by the names that a MAAS lists and what was noted here: false is certain, as long as nobody else
 * has uploaded under these names.
 */
export function mayHaveDue(
  resources: readonly Pick<Retained, 'id' | 'name'>[],
  ledger: readonly LedgerEntry[],
  target: string,
  policy: RetentionConfig,
  now: Date,
): boolean {
  const ground = retentionContext(ledger, target, now);
  const noted = resources.flatMap(({ id, name }) => {
    const entry = entryOf({ id, name }, ground);
    return entry ? [{ id, name, entry }] : [];
  });
  // The remains of an upload that did not end are deleted after a day.
  if (
    noted.some(
      ({ entry }) => entry.did === 'started' && now.getTime() - Date.parse(entry.time) >= IN_FLIGHT_MS,
    )
  )
    return true;
  // The least that MAAS could hold against a deletion.
  const free = noted.map(({ id, name, entry: { sha256 } }) => {
    return { id, name, sha256, complete: true, machines: [], lastDeployed: null };
  });
  return decideRetention(free, ledger, target, policy, now).some((one) => one.delete);
}

/** MAAS writes times in UTC without saying so: "2026-11-22T10:11:12.345". */
function deployedAt(text: string): number {
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(' ', 'T')}Z`);
}
