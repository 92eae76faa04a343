import { InvalidArgumentError } from 'commander';
import type { AcceptFlags } from '../accept-image.ts';
import type { Declare } from '../command.ts';

function port(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > 65535)
    throw new InvalidArgumentError('A port from 1 to 65535 is wanted.');
  return Number(text);
}

export const declare: Declare = (program, act) => {
  program
    .command('accept')
    .argument('<image>', 'an image of the configuration')
    .description(
      'deploy an uploaded image on a machine, check it there, release the machine; exit code 6 when it fails',
    )
    .option(
      '--machine <name...>',
      'machines that may be deployed and overwritten; the first that is ready is taken',
    )
    .option('--tag <tag...>', 'tags that such a machine must have, all of them')
    .option('--build <name>', 'the versioned name in MAAS (default: the newest upload)')
    .option('--to <target...>', 'MAAS targets of the configuration (default: those of the image)')
    .option('--checks <file>', 'YAML file with the checks (default: acceptance.checks)')
    .option('--ssh-port <port>', 'of ssh on the machine (default: acceptance.ssh.port, 22)', port)
    .option('--keep', 'leave the machine deployed')
    .option('--junit <file>', 'write a JUnit report')
    .option('--markdown <file>', 'write a Markdown summary')
    .option('--no-wait', 'fail at once when another run holds the workspace')
    .option('--api-key-file <file>', 'where the API key is, "-" for stdin')
    .action(
      act(async (session, image: string, flags: AcceptFlags) => {
        const { acceptImageByName } = await import('../accept-image.ts');
        await acceptImageByName(session, image, flags);
      }),
    );
};
