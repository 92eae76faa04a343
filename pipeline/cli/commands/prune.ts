import { InvalidArgumentError } from 'commander';
import type { TargetOptions } from '../../maas/images/choose-targets.ts';
import type { PrunedImage } from '../../maas/images/prune.ts';
import type { Declare } from '../command.ts';

interface Options extends TargetOptions {
  keep?: number;
  days?: number;
  deployedDays?: number;
  dryRun?: boolean;
  channels?: boolean;
  yes?: boolean;
}

function count(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('A whole number is wanted.');
  return Number(text);
}

export const declare: Declare = (program, act) => {
  program
    .command('prune')
    .argument('[image]', 'only uploads of this image of the configuration')
    .description(
      'delete old uploads from MAAS; never a channel, what a channel shows, what was deployed lately or is on its way',
    )
    .option(
      '--keep <count>',
      'complete uploads of each image that stay (default: as configured, else 3)',
      count,
    )
    .option('--days <days>', 'days for which every upload stays (default: as configured, else 14)', count)
    .option(
      '--deployed-days <days>',
      'days after a deployment for which an image stays (default: as configured, else 30)',
      count,
    )
    .option('--to <target...>', 'MAAS targets of the configuration (default: the only one)')
    .option('--url <url>', 'a MAAS in place of a target of the configuration')
    .option('--maas-profile <name>', 'take URL and key of this profile of the maas command')
    .option('--api-key-file <file>', 'where the API key is, "-" for stdin')
    .option('--channels', 'also what channels keep of earlier promotions; see docs/upload.md')
    .option('-y, --yes', 'do not ask before a channel is without content for a while')
    .option('-n, --dry-run', 'say what would be deleted and why, and change nothing')
    .action(
      act(async (session, image: string | undefined, options: Options) => {
        const { loadConfig } = await import('../../config/load.ts');
        const { chooseTargets } = await import('../../maas/images/choose-targets.ts');
        const { prune, pruneKept } = await import('../../maas/images/prune.ts');
        const { prunedTable } = await import('../../maas/images/images-table.ts');
        const { retention } = await import('../../maas/images/retention.ts');
        const { keptDir } = await import('../../workspace/ledger/channel.ts');
        const { paint } = await import('../../core/text/paint.ts');
        const { confirm, terminal } = await import('../confirm.ts');
        const { emit, signal, env } = session;
        const { config } = await loadConfig({ file: session.configFile, env, cwd: process.cwd() });
        const { keep, days, deployedDays } = options;
        const policy = retention(config.retention, { keep, days, deployedDays });
        const dryRun = options.dryRun === true;
        const of = image === undefined ? undefined : [image];
        const keepIn = keptDir(config.workspace);
        const channels = options.channels
          ? {
              keepIn,
              confirm: (text: string) =>
                confirm(text, { yes: options.yes === true, signal, io: terminal(env) }),
            }
          : undefined;
        const targets: { target: string; images: PrunedImage[] }[] = [];
        for (const chosen of await chooseTargets(options, session)) {
          const images = await prune(chosen, { policy, images: of, channels, dryRun, emit, signal, env });
          targets.push({ target: chosen.target.name, images });
        }
        if (!dryRun) await pruneKept(keepIn, env);
        session.data({ ok: true, dryRun, targets }, () => prunedTable(targets, dryRun, paint(session.color)));
      }),
    );
};
