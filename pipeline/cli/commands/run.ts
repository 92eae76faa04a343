import { type Command, InvalidArgumentError, Option } from 'commander';
import { Fault } from '../../core/faults/fault.ts';
import { optionOf, STAGE_IDS, type StageId, type StageOption } from '../../stages/rows.ts';
import type { Act } from '../command.ts';
import type { RunImageOptions } from '../run-image.ts';
import { RUN_SETTINGS, withSettings } from '../setting-options.ts';

function stageOption(flag: string, text: string): Option {
  return new Option(`${flag} <stage>`, text).choices(STAGE_IDS);
}

/** ISO 8601 with its zone, so that all builders mean the same moment. */
function moment(text: string): number {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('Accepted: a time with its zone, such as 2026-11-29T02:17:00Z.');
  return at;
}

function addRunOptions(command: Command): Command {
  return withSettings(command, RUN_SETTINGS)
    .addOption(stageOption('--force', 'run this stage even if it is fresh'))
    .addOption(stageOption('--from', 'run this stage and all later ones'))
    .option('-n, --dry-run', 'print the stages that would run, why, and their commands; change nothing')
    .option('--no-wait', 'fail at once if another run uses the workspace')
    .addOption(new Option('--fast', 'compress less').conflicts('small'))
    .option('--small', 'compress more');
}

/** `run`, `build` and `render`: the same table of stages, to different ends. */
export function declare(program: Command, act: Act): void {
  const ends: [string, StageId, string][] = [
    ['run', 'upload', 'build, check and upload an image: from the ISO or the packages to the boot resource'],
    ['build', 'validate', 'build and check the artifact of an image, without an upload'],
    ['render', 'render', 'write the Packer and curtin files of an image, and stop'],
  ];
  for (const [name, until, text] of ends) {
    const command = addRunOptions(
      program.command(name).argument('<image>', 'an image of the configuration').description(text),
    );
    if (name === 'run')
      command
        .addOption(stageOption('--until', 'stop after this stage'))
        .option(
          '--rehearse',
          'before the upload, deploy the image on a virtual machine of this host (see `rehearse`)',
        )
        .option(
          '--built-since <time>',
          'build again if the build, here or in the store, was begun before',
          moment,
        )
        .option(
          '--accept',
          'after the upload, deploy the image on a machine and check it there (see `accept`)',
        )
        .option('--promote <channel>', 'at the end, promote the image to this channel, such as stable');
    command.action(
      act(async (session, image: string, options: RunImageOptions) => {
        const given = (option: StageOption | undefined) =>
          option !== undefined && options[option] !== undefined && options[option] !== false;
        const last =
          options.until ?? STAGE_IDS.findLast((id) => id === until || given(optionOf(id))) ?? until;
        for (const stage of [last, options.force, options.from]) {
          const option = stage && optionOf(stage);
          if (option && !given(option))
            throw new Fault('USAGE', `Stage ${stage} belongs to a run with --${option}`);
        }
        for (const [flag, stage] of [
          ['--force', options.force],
          ['--from', options.from],
        ] as const)
          if (stage && STAGE_IDS.indexOf(stage) > STAGE_IDS.indexOf(last))
            throw new Fault('USAGE', `${flag} ${stage} comes after the last stage of this command, ${last}`);
        const { runImage } = await import('../run-image.ts');
        const again = options.force === 'promote' || options.from !== undefined;
        await runImage(session, image, { ...options, again, until: last });
      }),
    );
  }
}
