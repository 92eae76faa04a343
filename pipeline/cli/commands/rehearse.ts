import { flagHelp } from '../../config/describe.ts';
import { REHEARSAL } from '../../config/settings/rehearsal.ts';
import type { Declare } from '../command.ts';
import { withFormats } from '../format-options.ts';
import type { RehearseFlags } from '../rehearse.ts';

export const declare: Declare = (program, act) => {
  const command = program.command('rehearse');
  for (const row of Object.values(REHEARSAL)) command.option(row.flag as string, flagHelp(row));
  command
    .argument('<image-or-file>', 'an image of the configuration, or a .tar.gz, .tar.xz or .tar.bz2 file')
    .description(
      'deploy an image on a virtual machine as MAAS would, by real curtin; exit code 6 if the image fails',
    )
    .option(
      '--base-image <os/series>',
      'the base image for MAAS, such as ubuntu/focal (default: as configured)',
    )
    .option(
      '--curtin-config <file>',
      "a real machine's configuration, from `maas PROFILE machine get-curtin-config`, in place of a layout",
    )
    .option('--reboots <count>', 'reboot the machine after the checks, so many times', '0')
    .option(
      '--power-cut <time>',
      'cut the power in the first boot, so long after the system has asked for its user data, such as 10s',
    )
    .option(
      '--redeploy <layout...>',
      'then release the machine and deploy it again on its used disks: same, or a layout; several, one after the other',
    )
    .option('--wire', 'fetch the image by HTTP as in MAAS, also from the small ephemeral')
    .option('--again', 'deploy although the disks of an earlier rehearsal have the same on them')
    .option('--shell', 'after the checks, open a session by ssh on the booted image')
    .option('--keep', "keep the machine's disks")
    .action(
      act(async (session, image: string, flags: RehearseFlags) => {
        const { rehearseImage } = await import('../rehearse.ts');
        await rehearseImage(session, image, flags);
      }),
    );
  withFormats(command, 'rehearse');
};
