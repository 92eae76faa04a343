import { createHash } from 'node:crypto';
import type { Config, ImageConfig, TargetConfig } from '../config/types.ts';
import type { Emit } from '../core/events/event.ts';
import { Fault } from '../core/faults/fault.ts';
import { readBoundedText } from '../host/files/regular.ts';
import { resolveApiKey } from '../maas/api/key.ts';
import type { ChosenTarget } from '../maas/images/choose-targets.ts';
import { notCounted, resolved } from '../workspace/fingerprint.ts';
import type { StageContext } from './types.ts';

/**
 * The targets of an image as inputs of a stage: which MAAS each of them is.
 * @throws Fault TARGET_UNKNOWN for a name that the configuration does not have
 */
export async function declaredTargets(config: Pick<Config, 'targets'>, image: Pick<ImageConfig, 'upload'>) {
  return Promise.all(
    image.upload.map(async (name) => {
      const target = Object.hasOwn(config.targets, name) ? config.targets[name] : undefined;
      if (!target) throw new Fault('TARGET_UNKNOWN', `There is no target ${name} in the configuration`);
      return {
        name,
        url: target.url,
        caSha256: target.caCert === null ? null : await digestOf(target.caCert),
        caCert: notCounted(target.caCert, 'its content counts'),
        key: notCounted(target.key, 'where a secret is found; who asks does not change what is there'),
        patienceS: notCounted(target.patienceS, 'a time limit'),
      };
    }),
  );
}

/** Null where it cannot be read: the first request says so. */
async function digestOf(path: string): Promise<string | null> {
  const text = await readBoundedText(path).catch(() => null);
  return text === null ? null : createHash('sha256').update(text).digest('hex');
}

/** The targets of an image with their keys. @throws Fault TARGET_UNKNOWN, API_KEY_* */
export async function targetsOf({
  config,
  image,
  env,
  emit,
}: Pick<StageContext, 'config' | 'image' | 'env' | 'emit'>): Promise<ChosenTarget[]> {
  return withKeys(resolved(await declaredTargets(config, image)), image.name, { env, emit });
}

/**
 * The targets with their keys.
 * @param image its name, for the fault
 * @throws Fault TARGET_UNKNOWN when there is none, API_KEY_*
 */
export async function withKeys(
  targets: readonly TargetConfig[],
  image: string,
  { env, emit }: { env: NodeJS.ProcessEnv; emit: Emit },
): Promise<ChosenTarget[]> {
  if (targets.length === 0) throw noTarget(image);
  return Promise.all(
    targets.map(async (target) => ({ target, key: await resolveApiKey(target, env, emit) })),
  );
}

/** The fault for an upload with nowhere to go. */
export function noTarget(image: string): Fault {
  return new Fault('TARGET_UNKNOWN', `Image ${image} has no MAAS target to upload to`, {
    hint: 'Set MAAS_API_URL and MAAS_API_KEY, or write `targets:` in dgxos-maas.yaml.',
  });
}
