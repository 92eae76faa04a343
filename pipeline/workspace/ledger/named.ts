import { channelHistory } from './channel.ts';
import type { LedgerEntry } from './ledger.ts';

/**
 * The artifacts that a ledger names: those of uploads that were not pruned, and of each channel the present build and the one that it
 * can go back to.
 * @returns their sha256
 */
export function namedArtifacts(ledger: readonly LedgerEntry[]): Set<string> {
  const uploads = new Map<string, string>();
  const channels = new Map<string, LedgerEntry>();
  for (const entry of ledger) {
    const { did, target, resourceId, name, sha256 } = entry;
    const upload = JSON.stringify([target, resourceId, name]);
    if (did === 'completed' || did === 'found') uploads.set(upload, sha256);
    else if (did === 'pruned') uploads.delete(upload);
    else if (did === 'promoted') channels.set(JSON.stringify([target, name]), entry);
  }
  const held = [...channels.values()].flatMap(({ target, name }) =>
    channelHistory(ledger, target, name)
      .slice(-2)
      .map(({ sha256 }) => sha256),
  );
  return new Set([...uploads.values(), ...held]);
}
