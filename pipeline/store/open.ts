import { isEndpoint } from '../config/settings/store.ts';
import type { StoreConfig } from '../config/types.ts';
import type { Emit } from '../core/events/event.ts';
import { Fault } from '../core/faults/fault.ts';
import { reasonOf } from '../core/faults/system-causes.ts';
import { registerSecret } from '../core/secrets/registry.ts';
import { readBoundedText } from '../host/files/regular.ts';
import { FolderStore } from './folder.ts';
import { SharedResults } from './results.ts';
import type { S3Settings } from './s3/address.ts';
import { s3Store } from './s3/s3.ts';
import type { S3Keys } from './s3/sign.ts';
import { webStore } from './server/web.ts';
import type { Store } from './store.ts';
import { loadTrust } from './trust.ts';

export interface OpenContext {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/**
 * The store of a configuration.
 * @param place a folder, an http(s) URL, or `s3://bucket/prefix`
 * @throws Fault CONFIG_INVALID where its token or its keys cannot be used
 */
export async function openStore(place: string, config: StoreConfig, context: OpenContext): Promise<Store> {
  const { signal, env } = context;
  const { caCert } = config;
  if (/^s3:\/\//i.test(place))
    return s3Store(place, { signal, caCert, ...s3Server(config, env), keys: await keysOf(config, env) });
  if (!/^https?:\/\//i.test(place)) return new FolderStore(place, signal);
  return webStore(place, { signal, caCert, authorization: await authorizationOf(config, env) });
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
  const given = await givenToken(token, env);
  if (given === '') return null;
  if (user === null) return `Bearer ${given}`;
  const basic = Buffer.from(`${user}:${given}`).toString('base64');
  registerSecret(basic);
  return `Basic ${basic}`;
}

/** The server of S3: where the configuration says nothing, that of the variables that AWS' own tools read. */
function s3Server({ s3 }: StoreConfig, env: NodeJS.ProcessEnv): S3Settings {
  const endpoint = s3.endpoint ?? (env.AWS_ENDPOINT_URL_S3 || null);
  const region = s3.region ?? (env.AWS_REGION || 'us-east-1');
  for (const [name, value, good] of [
    ['AWS_ENDPOINT_URL_S3', endpoint, endpoint === null || isEndpoint(endpoint)],
    ['AWS_REGION', region, /^[\w-]{1,63}$/.test(region)],
  ] as const)
    if (!good)
      throw new Fault('CONFIG_INVALID', `The variable ${name} cannot be used: ${value}`, {
        hint: 'Correct it, or set `store.s3` in dgxos-maas.yaml.',
      });
  return { endpoint, region, pathStyle: s3.pathStyle };
}

/**
 * The keys of S3: `user` with the token as its secret, else those of the environment, which also have the token of a session there.
 * The secrets are registered from then on.
 */
async function keysOf({ user, token }: StoreConfig, env: NodeJS.ProcessEnv): Promise<S3Keys> {
  const [accessKeyId, secretAccessKey, session] =
    user === null
      ? ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].map((name) => oneLine(env[name]))
      : [user, await givenToken(token, env), ''];
  if (!accessKeyId || !secretAccessKey)
    throw new Fault('CONFIG_INVALID', 'The store in S3 needs an access key and its secret', {
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `store.user` with `store.token` (DGXOS_MAAS_STORE_TOKEN).',
    });
  return { accessKeyId, secretAccessKey, sessionToken: session || null };
}

/** The token that a configuration names; empty: none. It is a secret from then on. */
async function givenToken(token: StoreConfig['token'], env: NodeJS.ProcessEnv): Promise<string> {
  return oneLine(token.from === 'file' ? await tokenIn(token.path) : env[token.variable]);
}

function oneLine(given = ''): string {
  const text = given.trim();
  if (text !== '') registerSecret(text);
  if (/[\x00-\x1f\x7f]/.test(text))
    throw new Fault('CONFIG_INVALID', 'The token of the store has several lines or control characters', {
      hint: 'Give the token alone.',
    });
  return text;
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
