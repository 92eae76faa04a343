import { Fault } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { looksSecret, type Power } from '../../maas/machines/power-parameters.ts';
import { readSecret, type SecretSource } from '../../maas/machines/secret-source.ts';

export interface PowerFlags {
  powerType?: string;
  /** key=value */
  power?: string[];
  powerPasswordEnv?: string;
  powerPasswordFile?: string;
  /** name=env:VARIABLE or name=file:PATH */
  powerSecret?: string[];
}

const WAYS =
  '--power-password-env VARIABLE, or --power-password-file FILE ("-" for stdin); other secrets: --power-secret NAME=env:VARIABLE.';

/**
 * Power as the command line gives it; a password on it is refused, since everybody on this host can read it there.
 * @throws Fault USAGE, POWER_INVALID for a password that cannot be read
 */
export async function powerOf(flags: PowerFlags, env: NodeJS.ProcessEnv): Promise<Power | null> {
  const parameters: Record<string, string> = {};
  for (const pair of flags.power ?? []) {
    const [name, value] = split(pair, '--power', 'power_address=10.0.0.7');
    if (looksSecret(name)) {
      registerSecret(value);
      throw new Fault('USAGE', `${name} is a secret and is not accepted on the command line`, { hint: WAYS });
    }
    parameters[name] = value;
  }
  const source = passwordSource(flags);
  const password = source && (await readSecret(source, env, 'The power password'));
  const secrets: Record<string, string> = {};
  for (const pair of flags.powerSecret ?? []) {
    const [name, value] = split(pair, '--power-secret', 'k_g=env:BMC_KEY');
    secrets[name] = await readSecret(secretSource(name, value), env, name);
  }
  const nothing = !password && [parameters, secrets].every((one) => Object.keys(one).length === 0);
  if (nothing && flags.powerType === undefined) return null;
  return { type: flags.powerType, parameters, ...(password ? { password } : {}), secrets };
}

function split(pair: string, flag: string, example: string): [name: string, value: string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new Fault('USAGE', `${flag} takes NAME=VALUE, such as ${example}`);
}

function passwordSource(flags: PowerFlags): SecretSource | undefined {
  const { powerPasswordEnv: environment, powerPasswordFile: file } = flags;
  if (environment !== undefined && file !== undefined)
    throw new Fault('USAGE', 'Use either --power-password-env or --power-password-file, not both');
  if (environment !== undefined) return { environment };
  return file === undefined ? undefined : { file };
}

function secretSource(name: string, value: string): SecretSource {
  const [, way, where = ''] = /^(env|file):(.+)$/.exec(value) ?? [];
  if (way === 'env') return { environment: where };
  if (way === 'file') return { file: where };
  registerSecret(value);
  throw new Fault(
    'USAGE',
    `--power-secret ${name}=… takes the location of the secret, not the secret itself`,
    {
      hint: `${name}=env:VARIABLE or ${name}=file:PATH`,
    },
  );
}
