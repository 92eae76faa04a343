import { Fault } from '../core/faults/fault.ts';
import { resolveApiKey } from '../maas/api/key.ts';
import type { ChosenTarget } from '../maas/images/choose-targets.ts';
import type { StageContext } from './types.ts';

/** The targets of the image, with their keys. @throws Fault TARGET_UNKNOWN, API_KEY_* */
export async function targetsOf({
  config,
  image,
  env,
}: Pick<StageContext, 'config' | 'image' | 'env'>): Promise<ChosenTarget[]> {
  if (image.upload.length === 0) throw noTarget(image.name);
  return Promise.all(
    image.upload.map(async (name) => {
      const target = config.targets[name];
      if (!target) throw new Fault('TARGET_UNKNOWN', `There is no target ${name} in the configuration`);
      return { target, key: await resolveApiKey(target, env) };
    }),
  );
}

/** The fault for an upload with nowhere to go. */
export function noTarget(image: string): Fault {
  return new Fault('TARGET_UNKNOWN', `Image ${image} has no MAAS target to upload to`, {
    hint: 'Set MAAS_API_URL and MAAS_API_KEY, or write `targets:` in dgxos-maas.yaml.',
  });
}
