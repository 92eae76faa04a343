import { expandResource } from '../config/placeholders.ts';
import { uploadToTargets } from '../maas/images/to-targets.ts';
import { targetsOf } from './targets.ts';
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
    const { image, emit, signal, env } = context;
    const { artifact } = context.output('pack');
    const resource = resourceOf(context);
    const results = await uploadToTargets(await targetsOf(context), {
      artifact,
      resource,
      filetype: 'tgz',
      image: image.name,
      // The validate stage comes before this one and lets no blocker pass.
      validated: true,
      emit,
      signal,
      env,
    });
    const resources = results.map(({ target, resourceId, sha256, skipped }) => ({
      target,
      id: resourceId,
      name: resource.name,
      sha256,
      skipped,
    }));
    return {
      data: { resources },
      files: [],
      summary: resources
        .map((r) => `${r.name} is boot resource ${r.id} on ${r.target}${r.skipped ? ' (already there)' : ''}`)
        .join('; '),
    };
  },
};
