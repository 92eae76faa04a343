import { stat } from 'node:fs/promises';
import { maasUrl } from '../../config/maas-url.ts';
import type { TargetConfig } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { readBoundedText } from '../../host/files/regular.ts';
import { type ApiKey, parseApiKey } from './api-key.ts';
import { keyFromStdin } from './key-from-stdin.ts';
import { storedLogin, storedUrls } from './logins.ts';
import { readProfile } from './profiles.ts';

const WAYS =
  'Set MAAS_API_KEY, or store the key with `dgxos-maas login URL`, or set a file or a profile of the maas command ' +
  'in the target.';

/**
 * Finds the key of a target: where its configuration says, else (environment) among the logins stored by `dgxos-maas login`.
 * The key and its parts are secrets from then on.
 * @throws Fault API_KEY_MISSING, API_KEY_INVALID
 */
export async function resolveApiKey(
  target: TargetConfig,
  env: NodeJS.ProcessEnv,
  emit: Emit = () => {},
): Promise<ApiKey> {
  const { key } = target;
  if (key.from === 'file') return readKeyFile(key.path, emit);
  if (key.from === 'profile')
    return parseApiKey((await readProfile(key.profile, env)).key, `of the maas profile "${key.profile}"`);
  const value = Object.hasOwn(env, key.variable) ? env[key.variable] : undefined;
  if (value) return parseApiKey(value, `in ${key.variable}`);
  const kept = await storedLogin(maasUrl(target.url), env);
  if (kept) return parseApiKey(kept, 'stored by `dgxos-maas login`');
  throw new Fault('API_KEY_MISSING', `There is no API key for ${target.name}: ${key.variable} is not set`, {
    hint: `${WAYS}${await otherLogins(env)}`,
  });
}

/** The logins that exist, for a key that was looked for under another URL. */
async function otherLogins(env: NodeJS.ProcessEnv): Promise<string> {
  const urls = await storedUrls(env);
  return urls.length > 0 ? ` There are logins for: ${urls.join(', ')}.` : '';
}

/**
 * The key that --api-key-file gives: of a file, or from stdin for "-".
 * @throws Fault API_KEY_MISSING, API_KEY_INVALID, INTERRUPTED, TERMINATED
 */
export async function givenKey(
  path: string,
  { emit, signal }: { emit: Emit; signal: AbortSignal },
): Promise<ApiKey> {
  if (path !== '-') return readKeyFile(path, emit);
  return parseApiKey(await keyFromStdin(signal), 'on standard input');
}

/** Reads a key from a file; warns of one that others may read. */
async function readKeyFile(path: string, emit: Emit): Promise<ApiKey> {
  let content: string;
  try {
    content = await readBoundedText(path);
    const { mode } = await stat(path);
    if (mode & 0o077)
      emit({
        type: 'notice',
        level: 'warning',
        message: `The API key file ${path} can be read by other users`,
        hint: `chmod 600 ${path}`,
      });
  } catch (error) {
    throw new Fault('API_KEY_MISSING', `The API key file ${path} cannot be read: ${reasonOf(error)}`, {
      hint: WAYS,
      cause: error,
    });
  }
  return parseApiKey(content, `in ${path}`);
}
