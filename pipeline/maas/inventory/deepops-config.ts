import { homedir } from 'node:os';
import { join } from 'node:path';
import { readText, shownName } from '../../config/yaml/read-text.ts';
import { Source } from '../../config/yaml/source.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';

/** Variables that DeepOps' configuration of its inventory script stands in for. */
const KEYS = new Map([
  ['api_url', 'MAAS_API_URL'],
  ['api_key', 'MAAS_API_KEY'],
  ['ssh_user', 'MAAS_SSH_USER'],
  ['network', 'MAAS_NETWORK'],
  ['ssh_bastion', 'MAAS_SSH_BASTION'],
]);

/** The values in the example that DeepOps' setup.sh copies. */
const EXAMPLE = /<|^CONSUMER_KEY:/;

/**
 * The environment with what DeepOps' configuration adds where it says nothing itself: MAAS_INVENTORY_CONFIG, else
 * config/maas-inventory.yml here, else ~/.config/maas-inventory.yml, as DeepOps' scripts/maas_inventory.py looks for it.
 * @returns null when there is none, or one that nobody has filled in
 * @throws Fault CONFIG_SYNTAX
 */
export async function deepOpsEnvironment(
  env: NodeJS.ProcessEnv,
  { cwd, emit }: { cwd: string; emit: Emit },
): Promise<NodeJS.ProcessEnv | null> {
  const home = env.HOME || homedir();
  const named = env.MAAS_INVENTORY_CONFIG || undefined;
  const files = [join(cwd, 'config', 'maas-inventory.yml'), join(home, '.config', 'maas-inventory.yml')];
  for (const file of named === undefined ? files : [named, ...files]) {
    const text = await textOf(file);
    if (text === null) {
      if (file === named)
        emit({
          type: 'notice',
          level: 'warning',
          message: `MAAS_INVENTORY_CONFIG names ${file}, which is not there`,
        });
      continue;
    }
    const source = new Source(shownName(file, cwd), text, { duplicates: 'last' });
    const merged = { ...env };
    for (const [key, variable] of KEYS) {
      const value = source.written([key]);
      if (value === undefined || value === '' || EXAMPLE.test(value)) continue;
      if (key === 'api_key') registerSecret(value);
      merged[variable] ||= value;
    }
    return merged.MAAS_API_URL && merged.MAAS_API_KEY ? merged : null;
  }
  return null;
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readText(file);
  } catch (error) {
    if (error instanceof Fault && error.code === 'CONFIG_NOT_FOUND') return null;
    throw error;
  }
}
