import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';

/**
 * A profile that `maas login` made: ~/.maascli.db, table profiles(name, data), data a JSON with `credentials`
 * [consumer, token, secret] and `url`.
 * @returns the API key, and the URL as it was given to `maas login`
 * @throws Fault API_KEY_MISSING with the names of the profiles there are
 */
export async function readProfile(
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<{ key: string; url: string }> {
  const path = join(env.HOME || homedir(), '.maascli.db');
  if (!existsSync(path))
    throw new Fault('API_KEY_MISSING', `The maas command has no profiles here: there is no ${path}`, {
      hint: `maas login ${name} URL, or give the key in another way: MAAS_API_KEY, \`dgxos-maas login URL\`, a file`,
    });
  const rows = await readProfiles(path);
  const row = rows.find((profile) => profile.name === name);
  if (!row)
    throw new Fault('API_KEY_MISSING', `The maas command has no profile "${name}" in ${path}`, {
      hint: rows.length ? `There are: ${rows.map((r) => r.name).join(', ')}` : `maas login ${name} URL`,
    });
  try {
    const { credentials, url } = JSON.parse(row.data) as { credentials: string[]; url: unknown };
    return { key: credentials.join(':'), url: String(url ?? '') };
  } catch {
    throw new Fault('API_KEY_MISSING', `The maas profile "${name}" holds no credentials`, {
      hint: `maas login ${name} URL`,
    });
  }
}

/** SQLite, loaded when it is needed: Node 20 has none, and Node 22 warns of it on stderr as soon as it is loaded. */
async function sqlite(): Promise<typeof import('node:sqlite')> {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return await import('node:sqlite');
  } catch (cause) {
    throw new Fault(
      'API_KEY_MISSING',
      `Node.js ${process.versions.node} cannot read profiles of the maas command`,
      {
        hint: 'Node.js 22.13 or newer can; or give the key in another way: MAAS_API_KEY, `dgxos-maas login URL`, a file',
        cause,
      },
    );
  } finally {
    process.emitWarning = emitWarning;
  }
}

async function readProfiles(path: string): Promise<{ name: string; data: string }[]> {
  const { DatabaseSync } = await sqlite();
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return database.prepare('SELECT name, data FROM profiles ORDER BY name').all() as {
        name: string;
        data: string;
      }[];
    } finally {
      database.close();
    }
  } catch (error) {
    throw new Fault('API_KEY_MISSING', `${path} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
