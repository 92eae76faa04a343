import type { ChannelUpdate } from '../../maas/images/promote.ts';
import type { ChannelOptions } from '../channel-request.ts';
import type { Declare } from '../command.ts';

export const declare: Declare = (program, act) => {
  program
    .command('promote')
    .argument('<image>', 'an image of the configuration')
    .description(
      'let a channel (such as custom/dgx1-5.0-stable) show an uploaded image that is complete and checked',
    )
    .requiredOption('--channel <name>', 'such as stable')
    .option('--build <name>', 'the versioned name in MAAS (default: the newest upload)')
    .option('--require-accepted', 'only when it passed its acceptance on a machine')
    .option('--quarantined', 'even when it failed there')
    .option('--to <target...>', 'MAAS targets of the configuration (default: those of the image)')
    .option('--url <url>', 'a MAAS in place of a target of the configuration')
    .option('--maas-profile <name>', 'take URL and key of this profile of the maas command')
    .option('--api-key-file <file>', 'where the API key is, "-" for stdin')
    .addHelpText(
      'after',
      "\nMAAS has no second name for an image: it is sent again under the channel's name\n" +
        '(up to 3.4 MAAS takes what it has). What the channel showed stays whole and in\n' +
        'use until the new one is complete; see docs/upload.md.',
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
