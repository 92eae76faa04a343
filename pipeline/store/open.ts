import type { StoreConfig } from '../config/types.ts';
import type { Emit } from '../core/events/event.ts';
import { Fault } from '../core/faults/fault.ts';
import { reasonOf } from '../core/faults/system-causes.ts';
import { registerSecret } from '../core/secrets/registry.ts';
import { readBoundedText } from '../host/files/regular.ts';
import { FolderStore } from './folder.ts';
import { HttpStore } from './http.ts';
import { SharedResults } from './results.ts';
import type { Store } from './store.ts';
import { loadTrust } from './trust.ts';

export interface OpenContext {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/**
 * The store of a configuration.
 * @param place a folder, or an http(s) URL
 * @throws Fault CONFIG_INVALID where its token cannot be used
 */
export async function openStore(place: string, config: StoreConfig, context: OpenContext): Promise<Store> {
  const { signal } = context;
  if (!/^https?:\/\//i.test(place)) return new FolderStore(place, signal);
  return new HttpStore(place, {
    signal,
    authorization: await authorizationOf(config, context.env),
    caCert: config.caCert,
  });
}

/**
 * The results that builders share by a configuration; undefined: none. The store is opened when it is first asked.
 * @throws Fault SIGNING_KEY_INVALID: without its keys nothing can be trusted
 */
export async function sharedResults(
  config: StoreConfig,
  context: OpenContext & { emit: Emit },
): Promise<SharedResults | undefined> {
  const { place } = config;
  if (place === null) return undefined;
  const trust = await loadTrust(config, context);
  return new SharedResults(() => openStore(place, config, context), config.readOnly, trust);
}

/** Basic with a user, else Bearer; null without a token. The token is a secret from then on. */
async function authorizationOf({ user, token }: StoreConfig, env: NodeJS.ProcessEnv): Promise<string | null> {
  const given = token.from === 'file' ? await tokenIn(token.path) : (env[token.variable] ?? '').trim();
  if (given === '') return null;
  registerSecret(given);
  if (/[\x00-\x1f\x7f]/.test(given))
    throw new Fault('CONFIG_INVALID', 'The token of the store has several lines or control characters', {
      hint: 'Give the token alone.',
    });
  if (user === null) return `Bearer ${given}`;
  const basic = Buffer.from(`${user}:${given}`).toString('base64');
  registerSecret(basic);
  return `Basic ${basic}`;
}

async function tokenIn(path: string): Promise<string> {
  try {
    return (await readBoundedText(path, 64 << 10)).trim();
  } catch (error) {
    throw new Fault('CONFIG_INVALID', `The token of the store, ${path}, cannot be read: ${reasonOf(error)}`, {
      hint: 'Correct `store.token`.',
      cause: error,
    });
  }
}
