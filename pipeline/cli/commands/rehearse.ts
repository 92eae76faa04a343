import { Option } from 'commander';
import type { Declare } from '../command.ts';
import type { RehearseFlags } from '../rehearse.ts';

export const declare: Declare = (program, act) => {
  program
    .command('rehearse')
    .argument('<image-or-file>', 'an image of the configuration, or a .tar.gz, .tar.xz or .tar.bz2 file')
    .description(
      'deploy an image on a virtual machine as MAAS would, by real curtin; exit code 6 if the image fails',
    )
    .option(
      '--base-image <os/series>',
      'the base image for MAAS, such as ubuntu/focal (default: as configured)',
    )
    .addOption(
      new Option('--layout <layout>', 'the storage layout').choices(['flat', 'lvm', 'raid1']).default('flat'),
    )
    .option(
      '--curtin <path...>',
      "a folder with curtin's sources, or Ubuntu's python3-curtin and curtin-common .deb files (default: $DGXOS_MAAS_CURTIN)",
    )
    .option(
      '--ephemeral <files>',
      "MAAS' system to install from: kernel=FILE,initrd=FILE,squashfs=FILE (default: a small one, made from Debian's packages)",
    )
    .addOption(new Option('--until <end>', 'how far').choices(['deployed']).default('deployed'))
    .option('--memory <size>', "the machine's memory, such as 4G", '3G')
    .option('--disks <count>', 'at least so many disks', '1')
    .option('--disk-size <size>', 'the size of each disk, such as 64G (default: by the size of the image)')
    .option('--kernel-options <text>', 'kernel parameters, as MAAS adds them to a machine', '')
    .addOption(
      new Option('--accelerator <name>', 'how the machine runs')
        .choices(['auto', 'kvm', 'tcg'])
        .default('auto'),
    )
    .option('--keep', "keep the machine's disks")
    .action(
      act(async (session, image: string, flags: RehearseFlags) => {
        const { rehearseImage } = await import('../rehearse.ts');
        await rehearseImage(session, image, flags);
      }),
    );
};
