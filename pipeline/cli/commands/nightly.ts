import { type Command, InvalidArgumentError, Option } from 'commander';
import { NIGHTLY } from '../../config/settings/nightly.ts';
import { CI_SYSTEMS } from '../../nightly/output/ci-systems.ts';
import type { Act } from '../command.ts';
import { withFormats } from '../format-options.ts';
import type { NightlyOptions } from '../nightly.ts';
import type { UnitsOptions } from '../nightly-units.ts';
import { NIGHTLY_SETTINGS, settingOption, withSettings } from '../setting-options.ts';

const ENDS = `
Exit code: 0 success; 77 nothing new (only with --exit-code); otherwise that of
the first failure that is not temporary, or 75 if all failures are temporary.`;

function tries(text: string): number {
  const value = Number(text);
  if (!/^\d{1,2}$/.test(text) || value < 1 || value > 20)
    throw new InvalidArgumentError('Accepted: a whole number from 1 to 20.');
  return value;
}

/** `nightly [IMAGE…]`: every image that has changed, to the channel, with a summary. */
export function declare(program: Command, act: Act): void {
  const command = program.command('nightly');
  withSettings(command, NIGHTLY_SETTINGS)
    .argument('[image...]', 'names or globs of images of the configuration (default: all)')
    .description(
      'build all images that have changed, promote the good ones to a channel, prune, write a summary',
    )
    .option('-n, --dry-run', 'print what would be built and why; change nothing')
    .addOption(
      new Option('--plan', 'print the images that builders have to build, as JSON, and stop').conflicts(
        'dryRun',
      ),
    )
    .addOption(
      new Option(
        '--matrix <system>',
        'print them as a matrix or a child pipeline of this CI system, and stop',
      )
        .choices(CI_SYSTEMS)
        .conflicts(['dryRun', 'plan']),
    )
    .option(
      '--label <name...>',
      "labels of every job's runner with --matrix (default: self-hosted linux, or dgxos-maas)",
    )
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
    .option('--no-build', 'take builds that are here or in the store; an image without one fails')
    .option('--no-upload', 'stop after the checks; needs no MAAS')
    .option('--no-prune', 'delete nothing from MAAS')
    .option('-o, --out <dir>', 'also write the summary to this folder')
    .option('--since <summary>', 'compare with this summary.json, or its folder, instead of the last night')
    .option('--exit-code', 'exit with 77 if nothing is new and nothing is broken')
    .option('--no-queue', 'build on this host, whatever `queue:` says')
    .option('--tries <count>', 'number of times that workers begin a build that fails', tries, 3)
    .option('--no-wait', 'fail at once if another run uses the workspace')
    .addHelpText('after', ENDS)
    .action(
      act(async (session, images: string[], options: NightlyOptions & UnitsOptions) => {
        if (options.plan || options.matrix) {
          const { nightlyUnits } = await import('../nightly-units.ts');
          await nightlyUnits(session, images, options);
          return;
        }
        const { nightly } = await import('../nightly.ts');
        await nightly(session, images, options);
      }),
    );
  withFormats(command, 'nightly');
}
