import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../core/faults/fault.ts';

export const CONFIG_FILE = 'dgxos-maas.yaml';

/** The nearest dgxos-maas.yaml in this folder or one above it; null when there is none. */
export function findConfig(cwd: string): string | null {
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    const file = join(dir, CONFIG_FILE);
    if (existsSync(file)) return file;
    if (dirname(dir) === dir) return null;
  }
}

/** The file in force: that of --config, else DGXOS_MAAS_CONFIG, else the nearest one upward from `cwd`; null without any. */
export function fileInForce(options: {
  file?: string | undefined;
  env: NodeJS.ProcessEnv;
  cwd: string;
}): string | null {
  const { env, cwd } = options;
  const given = options.file ?? (env.DGXOS_MAAS_CONFIG || undefined);
  return given === undefined ? findConfig(cwd) : resolve(cwd, given);
}

/** The fault for a command that needs a file where there is none. */
export function noConfig(): Fault {
  return new Fault('CONFIG_NOT_FOUND', `There is no ${CONFIG_FILE} in this folder or one above`, {
    hint: 'Create one with: dgxos-maas init',
  });
}
