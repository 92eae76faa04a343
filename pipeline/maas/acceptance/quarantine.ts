import { Fault } from '../../core/faults/fault.ts';
import type { LedgerEntry } from '../../workspace/ledger/ledger.ts';

export interface AcceptanceState {
  state: 'accepted' | 'quarantined' | 'untried';
  /** The entry that it was concluded from. */
  entry: LedgerEntry | undefined;
}

/**
 * The state of an artifact: quarantined when its last acceptance failed on any MAAS, accepted when one passed. Its digest counts
 * and not its name, so that what failed in the lab is not promoted in production.
 */
export function acceptanceStateOf(ledger: readonly LedgerEntry[], sha256: string): AcceptanceState {
  const last = new Map<string, LedgerEntry>();
  for (const entry of ledger)
    if (entry.sha256 === sha256 && (entry.did === 'accepted' || entry.did === 'quarantined'))
      last.set(entry.target, entry);
  const all = [...last.values()];
  const entry = all.find(({ did }) => did === 'quarantined') ?? all.at(-1);
  return { state: (entry?.did as 'accepted' | 'quarantined' | undefined) ?? 'untried', entry };
}

/** The newest acceptance of this artifact by these checks on this MAAS, if it passed. */
export function acceptedBefore(
  ledger: readonly LedgerEntry[],
  wanted: { sha256: string; target: string; checks: string },
): LedgerEntry | undefined {
  const last = ledger.findLast(
    ({ did, sha256, target }) =>
      (did === 'accepted' || did === 'quarantined') && sha256 === wanted.sha256 && target === wanted.target,
  );
  return last?.did === 'accepted' && last.checks === wanted.checks ? last : undefined;
}

/**
 * The gate before a channel.
 * @param rules requireAccepted: an image that was never tried does not pass; quarantined: one that failed does
 * @throws Fault IMAGE_QUARANTINED
 */
export function checkPromotable(
  ledger: readonly LedgerEntry[],
  { name, sha256, image }: LedgerEntry,
  rules: { requireAccepted?: boolean; quarantined?: boolean },
): void {
  const { state, entry } = acceptanceStateOf(ledger, sha256);
  if (state === 'quarantined' && !rules.quarantined)
    throw new Fault(
      'IMAGE_QUARANTINED',
      `${name} failed its acceptance on ${entry?.machine} of ${entry?.target} (${entry?.time.slice(0, 16).replace('T', ' ')} UTC) and is quarantined`,
      {
        hint: `dgxos-maas accept ${image} --build ${entry?.name} --to TARGET tests it again on that MAAS; promote --quarantined promotes it anyway.`,
      },
    );
  if (state === 'untried' && rules.requireAccepted)
    throw new Fault('IMAGE_QUARANTINED', `${name} was never tested on a machine`, {
      hint: `Test it with: dgxos-maas accept ${image}`,
    });
}
