import type { ChannelUpdate } from '../../maas/images/promote.ts';
import type { ChannelOptions } from '../channel-request.ts';
import type { Declare } from '../command.ts';

export const declare: Declare = (program, act) => {
  program
    .command('rollback')
    .argument('<image>', 'an image of the configuration')
    .description('give a channel the build it had before the last promotion')
    .requiredOption('--channel <name>', 'such as stable')
    .option('--to <target...>', 'MAAS targets of the configuration (default: those of the image)')
    .option('--url <url>', 'URL of a MAAS, instead of a target of the configuration')
    .option('--maas-profile <name>', 'use URL and key of this profile of the maas command')
    .option('--api-key-file <file>', 'file with the API key, "-" for stdin')
    .action(
      act(async (session, image: string, options: ChannelOptions) => {
        const { channelRequest } = await import('../channel-request.ts');
        const { rollBack } = await import('../../maas/images/promote.ts');
        const { channelUpdateSummary: movedSummary } = await import('../../maas/images/summary.ts');
        const { targets, request } = await channelRequest(session, image, options);
        const moved: ChannelUpdate[] = [];
        for (const target of targets) moved.push(await rollBack(target, request));
        session.data({ ok: true, channel: options.channel, moved }, () => movedSummary(moved));
      }),
    );
};
