import { randomUUID } from 'node:crypto';
import { STORE_PARTIAL } from '../workspace/layout.ts';
import type { Store } from './store.ts';

/**
 * Reads from a store and, unless it is read only, puts a small file and deletes it.
 * @throws Fault, BadEntry
 */
export async function tryStore(store: Store, readOnly: boolean): Promise<void> {
  const key = `${STORE_PARTIAL}/${randomUUID()}`;
  const bytes = Buffer.from('dgxos-maas doctor\n');
  await store.size(key);
  if (readOnly) return;
  await store.put(key, { size: bytes.length, bytes }, false);
  await store.remove(key);
}
