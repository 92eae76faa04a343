import { randomUUID } from 'node:crypto';
import { STORE_PARTIAL } from '../workspace/layout.ts';
import { contentOf, type Store } from './store.ts';

/**
 * Reads from a store and, unless it is read only, puts a small file and deletes it.
 * @throws Fault, BadEntry
 */
export async function tryStore(store: Store, readOnly: boolean): Promise<void> {
  const key = `${STORE_PARTIAL}/${randomUUID()}`;
  const bytes = Buffer.from('dgxos-maas doctor\n');
  await store.size(key);
  if (readOnly) return;
  await store.put(key, contentOf(bytes), false);
  await store.remove(key);
}
