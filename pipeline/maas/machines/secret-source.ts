import { text } from 'node:stream/consumers';
import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { readBoundedText } from '../../host/files/regular.ts';

/** The source of a password; never the command line itself. */
export type SecretSource = { environment: string } | { file: string };

/**
 * Reads a password once; it is a secret from then on. The file "-" is standard input; a newline at the end is not a part of it.
 * @param what for the message: "The password of gpu01"
 * @throws Fault POWER_INVALID
 */
export async function readSecret(
  source: SecretSource,
  env: NodeJS.ProcessEnv,
  what: string,
): Promise<string> {
  if ('environment' in source) {
    const value = Object.hasOwn(env, source.environment) ? env[source.environment] : undefined;
    if (value) return kept(value);
    throw new Fault('POWER_INVALID', `${what} cannot be read: ${source.environment} is not set`, {
      hint: `Set it for this command: ${source.environment}=… dgxos-maas machines … (from a password store, not typed).`,
    });
  }
  try {
    const content = source.file === '-' ? await text(process.stdin) : await readBoundedText(source.file);
    const value = content.replace(/\r?\n$/, '');
    if (value) return kept(value);
  } catch (error) {
    throw new Fault('POWER_INVALID', `${what} cannot be read from ${source.file}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  throw new Fault('POWER_INVALID', `${what} cannot be read: ${source.file} is empty`);
}

function kept(value: string): string {
  registerSecret(value);
  return value;
}
