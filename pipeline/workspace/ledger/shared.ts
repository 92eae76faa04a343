import { ledgerFile } from '../layout.ts';

/** The exchange of entries with the ledgers of other builders. */
export interface SharedLedger {
  /** Brings the entries of others here and those of this host to the others. What is wrong with it is a warning and no failure. */
  exchange(): Promise<void>;
}

/** Milliseconds for which an exchange holds. */
const FRESH_MS = 2000;

const shared = new Map<string, { ledger: SharedLedger; at: number }>();

/** From now on in this process the ledger of this host is exchanged with others whenever it is read or written. */
export function shareLedger(env: NodeJS.ProcessEnv, ledger: SharedLedger): void {
  const path = ledgerFile(env);
  if (!shared.has(path)) shared.set(path, { ledger, at: Number.NEGATIVE_INFINITY });
}

/** @param when `now`: something new is to be given away */
export async function exchangeLedger(env: NodeJS.ProcessEnv, when?: 'now'): Promise<void> {
  const found = shared.get(ledgerFile(env));
  if (!found || (when !== 'now' && performance.now() - found.at < FRESH_MS)) return;
  await found.ledger.exchange();
  found.at = performance.now();
}
