import { type LedgerEntry, readLedger } from '../../workspace/ledger/ledger.ts';
import type { Description } from './description.ts';
import { keptRelease } from './release-store.ts';

export interface LastRelease {
  entry: LedgerEntry;
  /** Undefined where no facts of it are kept here. */
  description: Description | undefined;
}

/**
 * The last upload of an image with another digest, of which facts are kept beside the ledger; without facts the very last
 * one; undefined where there was none.
 * @param image the image's name in the configuration
 * @param sha256 of the artifact that is compared with it
 */
export async function lastRelease(
  image: string,
  sha256: string,
  env: NodeJS.ProcessEnv,
): Promise<LastRelease | undefined> {
  const entries = await readLedger(env).catch((): LedgerEntry[] => []);
  const others = entries
    .filter(
      (entry) =>
        entry.image === image &&
        entry.sha256 !== sha256 &&
        (entry.did === 'completed' || entry.did === 'found'),
    )
    .reverse();
  for (const entry of others) {
    const description = await keptRelease(entry.sha256, entry.name, env);
    if (description) return { entry, description };
  }
  return others[0] && { entry: others[0], description: undefined };
}
