import pLimit from 'p-limit';
import { expandResource } from '../config/placeholders.ts';
import { Fault } from '../errors/fault.ts';
import { resolveApiKey } from '../maas/key.ts';
import { uploadImage } from '../upload/upload.ts';
import type { Stage, StageContext } from './types.ts';

/** The boot resource's fields with every placeholder filled in from the artifact. */
export function resourceOf(context: Pick<StageContext, 'image' | 'output'>) {
  const { image } = context;
  const { artifact } = context.output('pack');
  return expandResource(image.resource, {
    release: image.release,
    platform: image.platform,
    version: image.version,
    date: artifact.date,
    digest: artifact.sha256.slice(0, 7),
  });
}

/** Targets uploaded to side by side: each takes one chunk of memory and a share of the line. */
const AT_ONCE = 4;

/** Creates the boot resource under its versioned name on every target and waits until MAAS calls it complete. */
export const upload: Stage<'upload'> = {
  id: 'upload',
  title: 'upload to MAAS under a new versioned name, wait until complete',
  needs: ['pack', 'validate'],
  async inputs(context) {
    const { config, image } = context;
    return {
      artifact: context.output('pack').artifact.sha256,
      resource: { ...resourceOf(context) },
      targets: image.upload.map((name) => config.targets[name]?.url ?? name),
    };
  },
  async run(context) {
    const { config, image, emit, signal, env } = context;
    if (image.upload.length === 0) throw noTarget(image.name);
    const { artifact } = context.output('pack');
    const resource = resourceOf(context);
    const targets = await Promise.all(
      image.upload.map(async (name) => {
        const target = config.targets[name];
        if (!target) throw new Fault('TARGET_UNKNOWN', `There is no target ${name} in the configuration`);
        return { target, key: await resolveApiKey(target, env) };
      }),
    );
    const results = await uploadToTargets(targets, {
      artifact,
      resource,
      filetype: 'tgz',
      emit,
      signal,
      env,
    });
    return {
      data: {
        resources: results.map((result) => ({
          target: result.target,
          id: result.resourceId,
          name: result.name,
          sha256: result.sha256,
          skipped: result.skipped,
        })),
      },
      files: [],
      summary: results
        .map(
          (r) =>
            `${r.name} is boot resource ${r.resourceId} on ${r.target}${r.skipped ? ' (already there)' : ''}`,
        )
        .join('; '),
    };
  },
};

/** All results, or the first failure once every target has ended: one target's trouble does not stop the others. */
function whole<T>(ended: PromiseSettledResult<T>[]): T[] {
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** The fault for an upload with nowhere to go. */
export function noTarget(image: string): Fault {
  return new Fault('TARGET_UNKNOWN', `Image ${image} has no MAAS target to upload to`, {
    hint: 'Set MAAS_API_URL and MAAS_API_KEY, or write `targets:` in dgxos-maas.yaml.',
  });
}
