import { promote } from '../maas/images/promote.ts';
import { keptDir } from '../workspace/ledger/channel.ts';
import { targetsOf } from './targets.ts';
import type { Stage } from './types.ts';
import { resourceOf } from './upload.ts';

/** Lets a channel show the image on every target. A channel that was rolled back since is left so, unless it is forced. */
export function promoteTo(channel: string): Stage<'promote'> {
  return {
    id: 'promote',
    title: `let the channel ${channel} show it`,
    needs: ['pack', 'upload'],
    async inputs(context) {
      const { config, image } = context;
      return {
        artifact: context.output('pack').artifact.sha256,
        resource: resourceOf(context).name,
        channel,
        targets: image.upload.map((name) => config.targets[name]?.url ?? name),
      };
    },
    async run(context) {
      const { config, image, emit, signal, env } = context;
      const keepIn = keptDir(config.workspace);
      const moved = [];
      for (const target of await targetsOf(context)) {
        const request = { image, channel, keepIn, emit, signal, env };
        const { name, of, target: to } = await promote(target, resourceOf(context).name, request);
        moved.push({ target: to, name, of });
      }
      return {
        data: { moved },
        files: [],
        summary: moved.map(({ target, name, of }) => `${name} shows ${of} on ${target}`).join('; '),
      };
    },
  };
}
