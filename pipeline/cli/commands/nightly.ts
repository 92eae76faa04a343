import { type Command, InvalidArgumentError } from 'commander';
import type { Act } from '../command.ts';
import type { NightlyOptions } from '../nightly.ts';

function whole(least: number) {
  return (text: string): number => {
    if (/^\d{1,6}$/.test(text) && Number(text) >= least) return Number(text);
    throw new InvalidArgumentError(`A whole number of at least ${least} is wanted.`);
  };
}

const ENDS = `
Exit code: 0 all is well; 77 nothing new (with --exit-code only); else that of
the first failure that is not temporary, 75 when all failures are.`;

/** `nightly [IMAGE…]`: every image that has changed, to the channel, with a summary. */
export function declare(program: Command, act: Act): void {
  program
    .command('nightly')
    .argument('[image...]', 'names or globs of images of the configuration (default: all)')
    .description(
      'run all images that have changed, promote the good ones to a channel, prune, write a summary',
    )
    .option('-n, --dry-run', 'print what would be built and why; change nothing')
    .option('--force', 'build every image that is chosen, also one that nothing has changed of')
    .option(
      '-j, --jobs <count>',
      'images built side by side (default: as configured, else as many VMs as the host carries)',
      whole(1),
    )
    .option(
      '--accept',
      'try every image on a machine (default: images with machines or tags for that, see `accept`)',
    )
    .option('--no-accept', 'try none on a machine')
    .option('--channel <name>', 'the channel of good images (default: as configured, else nightly)')
    .option('--no-promote', 'leave the channel alone')
    .option('--no-upload', 'stop after the checks: no MAAS is needed')
    .option(
      '--keep <count>',
      'complete uploads of each image that stay (default: as configured, else 3)',
      whole(1),
    )
    .option('--days <days>', 'days for which every upload stays (default: as configured, else 14)', whole(0))
    .option(
      '--deployed-days <days>',
      'days after a deployment for which an image stays (default: as configured, else 30)',
      whole(0),
    )
    .option('--no-prune', 'delete nothing from MAAS')
    .option('-o, --out <dir>', 'write the summary into this folder, too')
    .option('--since <summary>', 'compare with this summary.json, or its folder, instead of the last night')
    .option('--github', 'annotations for GitHub Actions in place of the table, job summary and outputs')
    .option('--exit-code', 'exit with 77 when nothing is new and nothing is broken')
    .option('--no-wait', 'fail at once when another run holds the workspace')
    .option('--workspace <dir>', 'where stages keep work and outputs')
    .addHelpText('after', ENDS)
    .action(
      act(async (session, images: string[], options: NightlyOptions) => {
        const { nightly } = await import('../nightly.ts');
        await nightly(session, images, options);
      }),
    );
}
