import { Fault } from '../../core/faults/fault.ts';
import type { LedgerEntry } from './ledger.ts';

/**
 * The newest upload of an image to a MAAS that was made from here, or the one named.
 * @param target URL of the MAAS
 * @throws Fault MAAS_NOT_FOUND with the names there are
 */
export function uploadOf(
  ledger: readonly LedgerEntry[],
  target: string,
  image: string,
  version?: string,
): LedgerEntry {
  const uploads = ledger.filter(
    (entry) =>
      entry.target === target &&
      entry.image === image &&
      (entry.did === 'completed' || entry.did === 'found'),
  );
  const wanted = version?.replace(/^custom\//, '');
  // An upload under the channel's own name is noted as one too, and is none.
  const channels = new Set(ledger.filter(({ did }) => did === 'promoted').map(({ name }) => name));
  const entry = uploads.findLast(({ name }) =>
    wanted === undefined ? !channels.has(name) : name === wanted,
  );
  if (entry) return entry;
  const names = [...new Set(uploads.map(({ name }) => name))];
  throw new Fault(
    'MAAS_NOT_FOUND',
    `This host has no record of an upload of ${image}${wanted ? ` as ${wanted}` : ''} to ${target}`,
    {
      hint: names.length ? `There are: ${names.join(', ')}` : `dgxos-maas upload ${image}`,
    },
  );
}
