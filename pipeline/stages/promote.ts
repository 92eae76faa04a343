import { channelNote, promoteNew } from '../maas/images/promote-new.ts';
import { notCounted } from '../workspace/fingerprint.ts';
import { keptFolder } from '../workspace/layout.ts';
import { channelName, checkChannel, shownInstead } from '../workspace/ledger/channel.ts';
import { readLedger } from '../workspace/ledger/ledger.ts';
import { declaredTargets, withKeys } from './targets.ts';
import { defineStage } from './types.ts';
import { resourceOf } from './upload.ts';

/**
 * Gives the data of the image to its channel on every target. A channel that somebody has moved to another build since is left alone.
 * @param again move it there even so
 * @throws Fault USAGE for a word that names no channel
 */
export function promoteTo(channel: string, again = false) {
  checkChannel(channel);
  const stage = defineStage('promote', {
    async inputs(context) {
      const { config, image, env, output } = context;
      const { sha256 } = output('pack').artifact;
      const targets = await declaredTargets(config, image);
      const ledger = await readLedger(env);
      const name = channelName(image, channel);
      return {
        artifact: sha256,
        resource: resourceOf(context).name,
        channel,
        image: image.name,
        // The channel's name in MAAS is made of these.
        release: image.release,
        platform: image.platform,
        version: image.version,
        nameOfResource: image.resource.name,
        architecture: image.resource.architecture,
        // It was moved away since: what an earlier run did stands no more.
        instead: targets.map(({ url }) => shownInstead(ledger, url, name, sha256)?.name ?? null),
        again: notCounted(again, 'an option of this run'),
        keepIn: notCounted(keptFolder(config.workspace), 'where the workspace lies'),
        targets,
      };
    },
    async run(inputs, io) {
      const { channel, image, release, platform, version, nameOfResource, architecture, keepIn, again } =
        inputs;
      const request = {
        image: { name: image, release, platform, version, resource: { name: nameOfResource, architecture } },
        ...{ channel, keepIn, again, ...io },
      };
      const upload = { name: inputs.resource, sha256: inputs.artifact };
      const moved = [];
      for (const target of await withKeys(inputs.targets, image, io))
        moved.push(await promoteNew(target, upload, request));
      return {
        data: { moved },
        files: [],
        summary: moved
          .map((channel) => `${channel.name} on ${channel.target} ${channelNote(channel)}`)
          .join('; '),
      };
    },
  });
  return { ...stage, title: `promote the image to the channel ${channel}` };
}
