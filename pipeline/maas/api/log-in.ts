import { maasUrl } from '../../config/maas-url.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { loginsFile } from '../../workspace/layout.ts';
import { createClient } from './client.ts';
import { givenKey } from './key.ts';
import { storeLogin } from './logins.ts';
import { whoAmI } from './whoami.ts';

export interface LoginOptions {
  /** Else MAAS_API_URL. */
  url: string | undefined;
  apiKeyFile: string;
  /** Else MAAS_API_CACERT. */
  caCert?: string;
}

export interface Login {
  url: string;
  version: string;
  user: string;
  admin: boolean;
  /** The path of the file with the key. */
  file: string;
}

/**
 * Checks a key against its MAAS and keeps it.
 * @throws Fault USAGE, API_KEY_INVALID, MAAS_UNAUTHORIZED, MAAS_UNREACHABLE; nothing is kept then
 */
export async function logIn(
  options: LoginOptions,
  session: { env: NodeJS.ProcessEnv; emit: Emit; signal: AbortSignal },
): Promise<Login> {
  const { env, emit, signal } = session;
  const given = options.url ?? env.MAAS_API_URL;
  if (!given)
    throw new Fault('USAGE', 'No MAAS is given', {
      hint: 'dgxos-maas login http://maas.example:5240/MAAS < key-file',
    });
  const url = maasUrl(given);
  const key = await givenKey(options.apiKeyFile, session);
  const caCert = options.caCert ?? (env.MAAS_API_CACERT || null);
  const client = createClient({ url, key, caCert, emit, signal });
  const version = (await client.version()).text;
  const { user, admin, mayUpload } = await whoAmI(client);
  if (mayUpload === false)
    emit({
      type: 'notice',
      level: 'warning',
      message: `${user} is not an administrator, and only administrators may upload images`,
    });
  await storeLogin(url, `${key.consumerKey}:${key.tokenKey}:${key.tokenSecret}`, env);
  return { url, version, user, admin, file: loginsFile(env) };
}
