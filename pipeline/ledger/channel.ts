import { join } from 'node:path';
import { expand, type PlaceholderValues } from '../config/placeholders.ts';
import type { ImageConfig } from '../config/types.ts';
import { Fault } from '../errors/fault.ts';
import { plainName } from '../maas/answers.ts';
import type { LedgerEntry } from './ledger.ts';

/** Where contents that channels show are kept. */
export const keptDir = (workspace: string) => join(workspace, 'promoted');

/** The placeholders that differ from build to build, with what joins them to the rest. */
const OF_ONE_BUILD = /[-_.]?\{(?:date|digest)\}/g;

/**
 * The name of a channel: the image's own name without what differs from build to build, and the channel's.
 * @returns such as `dgx1-5.0-stable`
 * @throws Fault USAGE for a channel that is no word
 */
export function channelName(image: ImageConfig, channel: string): string {
  if (!/^[a-z0-9][a-z0-9._]*$/.test(channel))
    throw new Fault('USAGE', `"${channel}" is no name for a channel`, {
      hint: 'Use lower-case letters, digits and dots, such as stable.',
    });
  const values: PlaceholderValues = {
    release: image.release,
    platform: image.platform,
    version: image.version,
    date: '',
    digest: '',
  };
  return plainName(`${expand(image.resource.name.replace(OF_ONE_BUILD, ''), values)}-${channel}`);
}

/** What a channel has shown, the present content last; going back takes the last one away. */
export function channelHistory(ledger: readonly LedgerEntry[], target: string, name: string): LedgerEntry[] {
  const shown: LedgerEntry[] = [];
  for (const entry of ledger) {
    if (entry.target !== target || entry.name !== name) continue;
    if (entry.did === 'promoted' && shown.at(-1)?.sha256 !== entry.sha256) shown.push(entry);
    if (entry.did === 'rolled-back') shown.pop();
  }
  return shown;
}

/** The names that are channels on a target. */
export function channelNames(ledger: readonly LedgerEntry[], target: string): Set<string> {
  return new Set(ledger.filter((e) => e.target === target && e.did === 'promoted').map((e) => e.name));
}
