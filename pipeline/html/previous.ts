import type { DescribeOptions } from '../diff/describe.ts';
import type { Description } from '../diff/description.ts';
import { keptRelease } from '../diff/release-store.ts';
import { type LedgerEntry, readLedger } from '../upload/ledger.ts';
import { shownTime } from './time.ts';

/** The release before this one, or why there is nothing to compare with. */
export type Previous = { description: Description; note: string } | { description: null; note: string };

export interface PreviousOptions {
  env: NodeJS.ProcessEnv;
  /** Image's name in the configuration, and the digest of its artifact. */
  image: string;
  sha256: string | undefined;
}

/** The last upload of that image with another content, of which facts are kept beside the ledger. */
export async function lastRelease({ env, image, sha256 }: PreviousOptions): Promise<Previous> {
  if (sha256 === undefined) return { description: null, note: 'There is no artifact to compare.' };
  const entries = await readLedger(env).catch((): LedgerEntry[] => []);
  const others = entries.filter(
    (entry) =>
      entry.image === image &&
      entry.sha256 !== sha256 &&
      (entry.did === 'completed' || entry.did === 'found'),
  );
  const last = others.at(-1);
  if (!last) return { description: null, note: 'No other release of this image was uploaded from here.' };
  for (const entry of others.reverse()) {
    const description = await keptRelease(entry.sha256, entry.name, env);
    if (description) return { description, note: `Since ${entry.name}, uploaded ${shownTime(entry.time)}.` };
  }
  return {
    description: null,
    note: `The facts of ${last.name} (uploaded ${shownTime(last.time)}) are not kept here.`,
  };
}

/** What --since names. @throws Fault as `describeImage` does */
export async function namedRelease(name: string, options: DescribeOptions): Promise<Previous> {
  // Reads archives, too: much to load for a report that needs none.
  const { describeImage } = await import('../diff/describe.ts');
  return { description: await describeImage(name, options), note: `Since ${name}.` };
}
