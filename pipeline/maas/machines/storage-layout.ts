import type { Emit } from '../../core/events/event.ts';
import type { MaasClient } from '../api/client.ts';
import { perform } from './perform.ts';
import type { Machine } from './types.ts';

/** Lays the disks of a ready machine out anew, as MAAS' layouts (flat, lvm, bcache, …) do. */
export function setStorageLayout(
  client: MaasClient,
  machine: Machine,
  layout: string,
  session: { signal: AbortSignal; emit?: Emit },
): Promise<Machine> {
  // The same layout twice is the same, so sending it again after a lost answer is right.
  const operation = { op: 'set_storage_layout', form: { storage_layout: layout }, done: () => false };
  return perform(client, machine.systemId, operation, session);
}
