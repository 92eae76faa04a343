import type { AcceptFlags } from '../accept-image.ts';
import type { Declare } from '../command.ts';
import { withFormats } from '../format-options.ts';
import { ACCEPT_SETTINGS, withSettings } from '../setting-options.ts';

export const declare: Declare = (program, act) => {
  const command = withSettings(program.command('accept'), ACCEPT_SETTINGS)
    .argument('<image>', 'an image of the configuration')
    .description(
      'deploy an uploaded image on a machine, check it there and release the machine; exit code 6 if the image fails',
    )
    .option(
      '--machine <name...>',
      'machines that may be deployed and overwritten; the first one that is Ready is used',
    )
    .option('--tag <tag...>', 'tags that the machine must have, all of them')
    .option('--build <name>', 'the versioned name in MAAS (default: the newest upload)')
    .option('--to <target...>', 'MAAS targets of the configuration (default: those of the image)')
    .option('--keep', 'leave the machine deployed')
    .option('--no-wait', 'fail at once if another run uses the workspace')
    .option('--api-key-file <file>', 'file with the API key, "-" for stdin')
    .action(
      act(async (session, image: string, flags: AcceptFlags) => {
        const { acceptImageByName } = await import('../accept-image.ts');
        await acceptImageByName(session, image, flags);
      }),
    );
  withFormats(command, 'accept');
};
