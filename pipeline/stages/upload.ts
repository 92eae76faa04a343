import { expandResource, placeholderValues } from '../config/placeholders.ts';
import { uploadToTargets } from '../maas/images/to-targets.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { declaredTargets, withKeys } from './targets.ts';
import { defineStage, type StageContext } from './types.ts';

/** The boot resource's fields with every placeholder filled in from the artifact. */
export function resourceOf({ image, output }: Pick<StageContext<'upload' | 'accept'>, 'image' | 'output'>) {
  const { date, sha256 } = output('pack').artifact;
  return expandResource(image.resource, placeholderValues(image, { date, digest: sha256 }));
}

/** Creates the boot resource under its versioned name on every target and waits until MAAS calls it complete. */
export const upload = defineStage('upload', {
  async inputs(context) {
    const { artifact } = context.output('pack');
    return {
      artifact: artifact.sha256,
      size: artifact.size,
      path: notCounted(artifact.path, 'its content counts'),
      resource: { ...resourceOf(context) },
      image: context.image.name,
      targets: await declaredTargets(context.config, context.image),
    };
  },
  async run({ artifact: sha256, size, path, resource, image, targets }, io) {
    const results = await uploadToTargets(await withKeys(targets, image, io), {
      artifact: { path, size, sha256 },
      ...{ resource, image, filetype: 'tgz' },
      // The validate stage comes before this one and lets no blocker pass.
      validated: true,
      ...io,
    });
    const resources = results.map(({ target, resourceId: id, sha256, skipped }) => ({
      ...{ target, id, name: resource.name, sha256, skipped },
    }));
    return {
      data: { resources },
      files: [],
      summary: resources
        .map((r) => `${r.name} is boot resource ${r.id} on ${r.target}${r.skipped ? ' (already there)' : ''}`)
        .join('; '),
    };
  },
});
