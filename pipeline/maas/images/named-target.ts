import { resolve } from 'node:path';
import { fixedDefaults } from '../../config/defaults.ts';
import { maasUrl } from '../../config/maas-url.ts';
import { TARGET } from '../../config/settings/target.ts';
import type { TargetConfig } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { type ApiKey, parseApiKey } from '../api/api-key.ts';
import { resolveApiKey } from '../api/key.ts';
import { storedLogin, storedUrls } from '../api/logins.ts';
import { readProfile } from '../api/profiles.ts';

interface Session {
  env: NodeJS.ProcessEnv;
  emit: Emit;
}

/** A target that the command line names, or the only login that is kept. */
export interface NamedTarget {
  target: TargetConfig;
  key: ApiKey;
}

/**
 * The MAAS of --url and --maas-profile; the profile of the maas command gives its key, and its URL where none is given.
 * @param key of --api-key-file
 * @throws Fault CONFIG_INVALID for a bad URL, API_KEY_MISSING, API_KEY_INVALID
 */
export async function namedTarget(
  given: { url?: string; maasProfile?: string },
  { env, emit }: Session,
  key?: ApiKey,
): Promise<NamedTarget> {
  if (given.maasProfile === undefined) {
    const target = targetOf(given.url as string, env);
    return { target, key: key ?? (await keyFor(target, env, emit)) };
  }
  const profile = await readProfile(given.maasProfile, env);
  const target = targetOf(given.url ?? profile.url, env);
  return { target, key: key ?? parseApiKey(profile.key, `of the maas profile "${given.maasProfile}"`) };
}

/**
 * The MAAS of the one login that is kept, where nothing else names one.
 * @throws Fault TARGET_UNKNOWN with the logins there are
 */
export async function storedTarget(env: NodeJS.ProcessEnv, key?: ApiKey): Promise<NamedTarget> {
  const urls = await storedUrls(env);
  const [url] = urls;
  if (url === undefined || urls.length > 1)
    throw new Fault('TARGET_UNKNOWN', 'No MAAS is given', {
      hint:
        url === undefined
          ? 'Store a key with dgxos-maas login URL, or set MAAS_API_URL and MAAS_API_KEY, or write `targets:` in dgxos-maas.yaml.'
          : `There are logins for ${urls.join(', ')}: choose one with --url.`,
    });
  const text = (await storedLogin(url, env)) as string;
  return { target: targetOf(url, env), key: key ?? parseApiKey(text, 'stored by `dgxos-maas login`') };
}

function targetOf(given: string, env: NodeJS.ProcessEnv): TargetConfig {
  const url = maasUrl(given);
  return {
    ...fixedDefaults(TARGET),
    name: new URL(url).host,
    url,
    caCert: env.MAAS_API_CACERT ? resolve(env.MAAS_API_CACERT) : null,
  };
}

/** A login kept for this very URL first: MAAS_API_KEY may be of another MAAS, and is not shown to this one then. */
async function keyFor(target: TargetConfig, env: NodeJS.ProcessEnv, emit: Emit): Promise<ApiKey> {
  const kept = await storedLogin(target.url, env);
  if (kept) return parseApiKey(kept, 'stored by `dgxos-maas login`');
  const another = env.MAAS_API_URL && maasUrl(env.MAAS_API_URL) !== target.url;
  return resolveApiKey(target, another ? { ...env, MAAS_API_KEY: undefined } : env, emit);
}
