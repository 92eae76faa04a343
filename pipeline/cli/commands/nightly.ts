import type { Command } from 'commander';
import { NIGHTLY } from '../../config/settings/nightly.ts';
import type { Act } from '../command.ts';
import { withFormats } from '../format-options.ts';
import type { NightlyOptions } from '../nightly.ts';
import { NIGHTLY_SETTINGS, settingOption, withSettings } from '../setting-options.ts';

const ENDS = `
Exit code: 0 success; 77 nothing new (only with --exit-code); otherwise that of
the first failure that is not temporary, or 75 if all failures are temporary.`;

/** `nightly [IMAGE…]`: every image that has changed, to the channel, with a summary. */
export function declare(program: Command, act: Act): void {
  const command = program.command('nightly');
  withSettings(command, NIGHTLY_SETTINGS)
    .argument('[image...]', 'names or globs of images of the configuration (default: all)')
    .description(
      'build all images that have changed, promote the good ones to a channel, prune, write a summary',
    )
    .option('-n, --dry-run', 'print what would be built and why; change nothing')
    .option('--force', 'build every selected image, even if nothing has changed')
    .option(
      '--accept',
      'test every image on a machine (default: images with machines or tags for it, see `accept`)',
    )
    .option('--no-accept', 'test no image on a machine')
    .option(
      '--rehearse',
      'deploy every image on a virtual machine before it is uploaded (default: nightly.rehearse)',
    )
    .option('--no-rehearse', 'rehearse no image')
    .addOption(settingOption(NIGHTLY.channel))
    .option('--no-promote', 'do not change the channel')
    .option('--no-upload', 'stop after the checks; needs no MAAS')
    .option('--no-prune', 'delete nothing from MAAS')
    .option('-o, --out <dir>', 'also write the summary to this folder')
    .option('--since <summary>', 'compare with this summary.json, or its folder, instead of the last night')
    .option('--exit-code', 'exit with 77 if nothing is new and nothing is broken')
    .option('--no-wait', 'fail at once if another run uses the workspace')
    .addHelpText('after', ENDS)
    .action(
      act(async (session, images: string[], options: NightlyOptions) => {
        const { nightly } = await import('../nightly.ts');
        await nightly(session, images, options);
      }),
    );
  withFormats(command, 'nightly');
}
