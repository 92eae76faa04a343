import { plainName } from '../../config/image-name.ts';
import { expand, placeholderValues } from '../../config/placeholders.ts';
import type { ImageConfig, ResourceConfig } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { suggest } from '../../core/text/suggest.ts';
import type { LedgerEntry } from './ledger.ts';

/** @throws Fault USAGE for a word that names no channel */
export function checkChannel(channel: string): void {
  if (!/^[a-z0-9][a-z0-9._]*$/.test(channel))
    throw new Fault('USAGE', `"${channel}" is not a name for a channel`, {
      hint: 'Use lower-case letters, digits and dots, such as stable.',
    });
}

/** The parts of the names of an image's channels. */
export interface ChannelImage extends Pick<ImageConfig, 'name' | 'release' | 'platform' | 'version'> {
  resource: Pick<ResourceConfig, 'name' | 'architecture'>;
}

/** The placeholders that differ from build to build, with what joins them to the rest. */
const OF_ONE_BUILD = /[-_.]?\{(?:date|digest)\}/g;

/**
 * The name of a channel: the image's own name without what differs from build to build, and the channel's.
 * @returns such as `dgx1-5.0-stable`
 * @throws Fault USAGE for a channel that is not a word
 */
export function channelName(image: ChannelImage, channel: string): string {
  checkChannel(channel);
  const values = placeholderValues(image, { date: '', digest: '' });
  return plainName(`${expand(image.resource.name.replace(OF_ONE_BUILD, ''), values)}-${channel}`);
}

/** The channels of an image that a target has had: the words, such as stable. */
export function channelsOf(ledger: readonly LedgerEntry[], target: string, image: ChannelImage): string[] {
  const prefix = channelName(image, 'x').slice(0, -1);
  const names = ledger
    .filter((e) => e.target === target && e.did === 'promoted' && e.image === image.name)
    .map((e) => e.name);
  return [...new Set(names)]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .sort();
}

/**
 * The fault for a channel that has nothing, be it new or misspelt.
 * @param channel the word, such as stable
 */
export function emptyChannel(
  ledger: readonly LedgerEntry[],
  target: string,
  image: ChannelImage,
  channel: string,
): Fault {
  const known = channelsOf(ledger, target, image);
  const meant = known.includes(channel) ? undefined : suggest(channel, known);
  const there =
    known.length > 0
      ? `The channels of ${image.name} on it: ${known.join(', ')}.`
      : `${image.name} has no channel on it yet.`;
  return new Fault(
    'MAAS_NOT_FOUND',
    `The channel "${channel}" of ${image.name} has no build on ${target}${meant ? `. Did you mean "${meant}"?` : ''}`,
    { hint: `${there} \`dgxos-maas promote ${image.name} --channel ${channel}\` creates it.` },
  );
}

/** The builds that a channel has held, the present one last; rolling back removes the last one. */
export function channelHistory(ledger: readonly LedgerEntry[], target: string, name: string): LedgerEntry[] {
  const held: LedgerEntry[] = [];
  for (const entry of ledger) {
    if (entry.target !== target || entry.name !== name) continue;
    if (entry.did === 'promoted' && held.at(-1)?.sha256 !== entry.sha256) held.push(entry);
    if (entry.did === 'rolled-back') held.pop();
  }
  return held;
}

/**
 * The build that a channel holds now, if it has held this artifact before; undefined if it never did.
 * @param target URL of the MAAS
 * @param name of the channel in MAAS
 */
export function shownSince(
  ledger: readonly LedgerEntry[],
  target: string,
  name: string,
  sha256: string,
): LedgerEntry | undefined {
  const was = ledger.some(
    (entry) =>
      entry.target === target && entry.name === name && entry.did === 'promoted' && entry.sha256 === sha256,
  );
  return was ? channelHistory(ledger, target, name).at(-1) : undefined;
}

/** The build that a channel holds instead of an artifact that it has held before; undefined where it holds that one, or never did. */
export function shownInstead(...of: Parameters<typeof shownSince>): LedgerEntry | undefined {
  const now = shownSince(...of);
  return now?.sha256 === of[3] ? undefined : now;
}

/** The names that are channels on a target. */
export function channelNames(ledger: readonly LedgerEntry[], target: string): Set<string> {
  return new Set(ledger.filter((e) => e.target === target && e.did === 'promoted').map((e) => e.name));
}
