import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { stateDir } from '../../workspace/state-dir.ts';

/** The file of kept keys, by the URL of their MAAS; only its owner may read it. */
export function loginsFile(env: NodeJS.ProcessEnv): string {
  return join(stateDir(env), 'logins.json');
}

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
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw fromSystemError(error, `storing the login in ${path}`);
  }
}

async function readLogins(env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const path = loginsFile(env);
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw fromSystemError(error, `reading the stored logins in ${path}`);
  }
  try {
    return JSON.parse(content) as Record<string, string>;
  } catch (error) {
    throw new Fault('API_KEY_MISSING', `The stored logins in ${path} are damaged`, {
      hint: `Delete the file and log in again: dgxos-maas login URL`,
      cause: error,
    });
  }
}
