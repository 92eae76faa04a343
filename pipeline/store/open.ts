import type { StoreConfig } from '../config/types.ts';
import { Fault } from '../core/faults/fault.ts';
import { FolderStore } from './folder.ts';
import { SharedResults } from './results.ts';
import type { Store } from './store.ts';

export interface OpenContext {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/**
 * The store of a configuration.
 * @param place a folder, or an http(s) URL
 * @throws Fault CONFIG_INVALID where its token or CA cannot be read
 */
export async function openStore(place: string, _config: StoreConfig, context: OpenContext): Promise<Store> {
  if (/^https?:/i.test(place))
    throw new Fault('STORE_REFUSED', `${place} is not a folder`, { hint: 'Only folders can be stores.' });
  return new FolderStore(place, context.signal);
}

/** The results that builders share by a configuration; undefined: none. The store is opened when it is first asked. */
export function sharedResults(config: StoreConfig, context: OpenContext): SharedResults | undefined {
  const { place } = config;
  if (place === null) return undefined;
  return new SharedResults(() => openStore(place, config, context), config.readOnly);
}
