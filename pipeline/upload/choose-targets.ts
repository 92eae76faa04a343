import { loadConfig, selectTarget } from '../config/load.ts';
import type { Config, TargetConfig } from '../config/types.ts';
import { Fault } from '../errors/fault.ts';
import type { Emit } from '../events/event.ts';
import type { ApiKey } from '../maas/api-key.ts';
import { givenKey, resolveApiKey } from '../maas/key.ts';

export interface ChosenTarget {
  target: TargetConfig;
  key: ApiKey;
}

/** What commands that talk to MAAS say of their targets. */
export interface TargetOptions {
  /** Names; none: the only one there is. */
  to?: string[];
  /** A file with the key, or "-" for stdin. */
  apiKeyFile?: string;
}

/**
 * The targets meant by --to, with their keys. Without --to it is the one of the configuration, or of MAAS_API_URL.
 * @throws Fault TARGET_UNKNOWN, USAGE, API_KEY_MISSING, API_KEY_INVALID
 */
export async function chooseTargets(
  options: TargetOptions,
  session: { env: NodeJS.ProcessEnv; configFile: string | undefined; emit: Emit; signal: AbortSignal },
): Promise<ChosenTarget[]> {
  const { env, configFile, emit } = session;
  const { config, warnings } = await loadConfig({ file: configFile, env, cwd: process.cwd() });
  for (const message of warnings) emit({ type: 'notice', level: 'warning', message });
  const targets = [...new Set(options.to ?? [onlyTarget(config)])].map((name) => selectTarget(config, name));
  if (options.apiKeyFile === undefined)
    return Promise.all(
      targets.map(async (target) => ({ target, key: await resolveApiKey(target, env, emit) })),
    );
  if (targets.length > 1)
    throw new Fault('USAGE', '--api-key-file gives one key, and there are several targets', {
      hint: 'Give each target a key of its own in dgxos-maas.yaml, or upload to one with --to.',
    });
  const key = await givenKey(options.apiKeyFile, session);
  return targets.map((target) => ({ target, key }));
}

function onlyTarget(config: Config): string {
  const names = Object.keys(config.targets);
  if (names.length === 1) return names[0] as string;
  if (names.length > 1)
    throw new Fault('USAGE', 'There are several targets', { hint: `Choose with --to: ${names.join(', ')}` });
  throw new Fault('TARGET_UNKNOWN', 'No MAAS is named', {
    hint: 'Set MAAS_API_URL and MAAS_API_KEY, or write `targets:` in dgxos-maas.yaml.',
  });
}
