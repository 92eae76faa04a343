import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { readJson, WrongJson } from '../../host/files/read-json.ts';
import { map, text } from '../../host/files/shape.ts';
import { loginsFile } from '../../workspace/layout.ts';

/** The kept keys by the URL of their MAAS; only their owner may read the file. */
const LOGINS = map(text);

/** The key kept for a MAAS (its URL as `maasUrl` gives it), if any. */
export async function storedLogin(url: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const key = (await readLogins(env))[url];
  registerSecret(key);
  return key;
}

/** The MAAS that keys are kept for, by URL. */
export async function storedUrls(env: NodeJS.ProcessEnv): Promise<string[]> {
  return Object.keys(await readLogins(env)).sort();
}

/** Keeps a key for a MAAS. @throws Fault NO_PERMISSION, DISK_FULL */
export async function storeLogin(url: string, key: string, env: NodeJS.ProcessEnv): Promise<void> {
  const path = loginsFile(env);
  const logins = { ...(await readLogins(env)), [url]: key };
  try {
    await makeFolders(dirname(path), 0o700);
    await writeFileAtomic(path, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw fromSystemError(error, `storing the login in ${path}`);
  }
}

async function readLogins(env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const path = loginsFile(env);
  try {
    return await readJson(path, LOGINS);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    if (!(error instanceof WrongJson)) throw fromSystemError(error, `reading the stored logins in ${path}`);
    // Not what the parser says: it shows a part of the text, which may be a key.
    throw new Fault(
      'API_KEY_MISSING',
      `The stored logins in ${path} are damaged${error.member ? `: the value of ${error.member} is not a key` : ''}`,
      { hint: 'Delete the file and log in again: dgxos-maas login URL' },
    );
  }
}
