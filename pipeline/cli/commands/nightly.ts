import type { Command } from 'commander';
import { NIGHTLY } from '../../config/settings/nightly.ts';
import type { Act } from '../command.ts';
import type { NightlyOptions } from '../nightly.ts';
import { NIGHTLY_SETTINGS, settingOption, withSettings } from '../setting-options.ts';

const ENDS = `
Exit code: 0 all is well; 77 nothing new (with --exit-code only); else that of
the first failure that is not temporary, 75 when all failures are.`;

/** `nightly [IMAGE…]`: every image that has changed, to the channel, with a summary. */
export function declare(program: Command, act: Act): void {
  const command = program.command('nightly');
  withSettings(command, NIGHTLY_SETTINGS)
    .argument('[image...]', 'names or globs of images of the configuration (default: all)')
    .description(
      'run all images that have changed, promote the good ones to a channel, prune, write a summary',
    )
    .option('-n, --dry-run', 'print what would be built and why; change nothing')
    .option('--force', 'build every image that is chosen, also one that nothing has changed of')
    .option(
      '--accept',
      'try every image on a machine (default: images with machines or tags for that, see `accept`)',
    )
    .option('--no-accept', 'try none on a machine')
    .addOption(settingOption(NIGHTLY.channel))
    .option('--no-promote', 'leave the channel alone')
    .option('--no-upload', 'stop after the checks: no MAAS is needed')
    .option('--no-prune', 'delete nothing from MAAS')
    .option('-o, --out <dir>', 'write the summary into this folder, too')
    .option('--since <summary>', 'compare with this summary.json, or its folder, instead of the last night')
    .option('--github', 'annotations for GitHub Actions in place of the table, job summary and outputs')
    .option('--exit-code', 'exit with 77 when nothing is new and nothing is broken')
    .option('--no-wait', 'fail at once when another run holds the workspace')
    .addHelpText('after', ENDS)
    .action(
      act(async (session, images: string[], options: NightlyOptions) => {
        const { nightly } = await import('../nightly.ts');
        await nightly(session, images, options);
      }),
    );
}
