import { loadConfig, selectTarget } from '../../config/load.ts';
import type { Config, TargetConfig } from '../../config/types.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { ApiKey } from '../api/api-key.ts';
import { givenKey, resolveApiKey } from '../api/key.ts';
import { namedTarget, storedTarget } from './named-target.ts';

export interface ChosenTarget {
  target: TargetConfig;
  key: ApiKey;
}

/** The options of commands that talk to MAAS. */
export interface TargetOptions {
  /** Names; none: the only one there is. */
  to?: string[];
  /** A MAAS that need not be in the configuration. */
  url?: string;
  /** A profile of the maas command: its key, and its URL where `url` is not given. */
  maasProfile?: string;
  /** A file with the key, or "-" for stdin. */
  apiKeyFile?: string;
}

interface Session {
  env: NodeJS.ProcessEnv;
  configFile: string | undefined;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * The targets meant, with their keys: those of --to, the MAAS of --url or --maas-profile, else the only one of the
 * configuration, that of MAAS_API_URL, or that of the only login kept.
 * @throws Fault TARGET_UNKNOWN, USAGE, API_KEY_MISSING, API_KEY_INVALID
 */
export async function chooseTargets(options: TargetOptions, session: Session): Promise<ChosenTarget[]> {
  const { env, configFile, emit } = session;
  const key = async () =>
    options.apiKeyFile === undefined ? undefined : givenKey(options.apiKeyFile, session);
  if (options.url !== undefined || options.maasProfile !== undefined) {
    if (options.to)
      throw new Fault(
        'USAGE',
        '--to selects a target of the configuration, and --url or --maas-profile another MAAS',
        {
          hint: 'Use one of them.',
        },
      );
    return [await namedTarget(options, session, await key())];
  }
  const { config, warnings } = await loadConfig({ file: configFile, env, cwd: process.cwd() });
  for (const message of warnings) emit({ type: 'notice', level: 'warning', message });
  const only = options.to ?? onlyTarget(config);
  if (only === undefined) return [await storedTarget(env, await key())];
  const targets = [...new Set(only)].map((name) => selectTarget(config, name));
  if (options.apiKeyFile !== undefined && targets.length > 1)
    throw new Fault('USAGE', '--api-key-file has one key, and there are several targets', {
      hint: 'Set a key for each target in dgxos-maas.yaml, or upload to one target with --to.',
    });
  const given = await key();
  return Promise.all(
    targets.map(async (target) => ({ target, key: given ?? (await resolveApiKey(target, env, emit)) })),
  );
}

/** Undefined where there is no target at all. */
function onlyTarget(config: Config): string[] | undefined {
  const names = Object.keys(config.targets);
  if (names.length > 1)
    throw new Fault('USAGE', 'There are several targets', { hint: `Choose with --to: ${names.join(', ')}` });
  return names.length === 1 ? names : undefined;
}
