import type { ChannelUpdate } from '../../maas/images/promote.ts';
import type { ChannelOptions } from '../channel-request.ts';
import type { Declare } from '../command.ts';

export const declare: Declare = (program, act) => {
  program
    .command('promote')
    .argument('<image>', 'an image of the configuration')
    .description(
      'give a channel (such as custom/dgx1-5.0-stable) an uploaded build that is complete and checked',
    )
    .requiredOption('--channel <name>', 'such as stable')
    .option('--build <name>', 'the versioned name in MAAS (default: the newest upload)')
    .option('--require-accepted', 'only if the build passed its acceptance on a machine')
    .option('--quarantined', 'even if the build failed its acceptance')
    .option('--to <target...>', 'MAAS targets of the configuration (default: those of the image)')
    .option('--url <url>', 'URL of a MAAS, instead of a target of the configuration')
    .option('--maas-profile <name>', 'use URL and key of this profile of the maas command')
    .option('--api-key-file <file>', 'file with the API key, "-" for stdin')
    .addHelpText(
      'after',
      '\nMAAS cannot give an image a second name: its data is sent again for the\n' +
        'channel (MAAS up to 3.4 reuses what it has). What the channel has now stays\n' +
        'complete and in use meanwhile; see docs/upload-reference.md.',
    )
    .action(
      act(async (session, image: string, options: ChannelOptions & { build?: string }) => {
        const { channelRequest } = await import('../channel-request.ts');
        const { promote } = await import('../../maas/images/promote.ts');
        const { channelUpdateSummary: movedSummary } = await import('../../maas/images/summary.ts');
        const { targets, request } = await channelRequest(session, image, options);
        const moved: ChannelUpdate[] = [];
        for (const target of targets) moved.push(await promote(target, options.build, request));
        session.data({ ok: true, channel: options.channel, moved }, () => movedSummary(moved));
      }),
    );
};
