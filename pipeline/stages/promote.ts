import { promote } from '../maas/images/promote.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { keptFolder } from '../workspace/layout.ts';
import { declaredTargets, withKeys } from './targets.ts';
import { defineStage } from './types.ts';
import { resourceOf } from './upload.ts';

/** Lets a channel show the image on every target. A channel that was rolled back since is left so, unless it is forced. */
export function promoteTo(channel: string) {
  const stage = defineStage('promote', {
    async inputs(context) {
      const { config, image, output } = context;
      return {
        artifact: output('pack').artifact.sha256,
        resource: resourceOf(context).name,
        channel,
        image: image.name,
        // The channel's name in MAAS is made of these.
        release: image.release,
        platform: image.platform,
        version: image.version,
        nameOfResource: image.resource.name,
        keepIn: notCounted(keptFolder(config.workspace), 'where the workspace lies'),
        targets: await declaredTargets(config, image),
      };
    },
    async run(inputs, io) {
      const { channel, image, release, platform, version, nameOfResource, resource, keepIn } = inputs;
      const request = {
        image: { name: image, release, platform, version, resource: { name: nameOfResource } },
        ...{ channel, keepIn, ...io },
      };
      const moved = [];
      for (const target of await withKeys(inputs.targets, image, io)) {
        const { name, of, target: to } = await promote(target, resource, request);
        moved.push({ target: to, name, of });
      }
      return {
        data: { moved },
        files: [],
        summary: moved.map(({ target, name, of }) => `${name} shows ${of} on ${target}`).join('; '),
      };
    },
  });
  return { ...stage, title: `let the channel ${channel} show it` };
}
