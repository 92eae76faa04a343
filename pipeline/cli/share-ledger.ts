import type { Config } from '../config/types.ts';
import { Fault } from '../core/faults/fault.ts';
import { StoreLedger } from '../store/ledger.ts';
import { openStore } from '../store/open.ts';
import { loadTrust } from '../store/trust.ts';
import { shareLedger } from '../workspace/ledger/shared.ts';
import type { Session } from './session.ts';

/**
 * With `ledger: store`, exchanges the ledger of this host with those of other builders from now on.
 * @throws Fault CONFIG_INVALID without a store, SIGNING_KEY_INVALID
 */
export async function shareLedgerOf({ ledger, store }: Config, session: Session): Promise<void> {
  if (ledger === 'local') return;
  const { place } = store;
  if (place === null)
    throw new Fault('CONFIG_INVALID', '`ledger: store` needs a store', {
      hint: 'Set `store:` in dgxos-maas.yaml, or DGXOS_MAAS_STORE.',
    });
  const trust = await loadTrust(store, session);
  shareLedger(
    session.env,
    new StoreLedger(() => openStore(place, store, session), trust, store.readOnly, session),
  );
}
