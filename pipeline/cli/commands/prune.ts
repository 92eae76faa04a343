import { Option } from 'commander';
import { count } from '../../config/kinds.ts';
import { RETENTION } from '../../config/settings/retention.ts';
import type { TargetOptions } from '../../maas/images/choose-targets.ts';
import type { PrunedImage } from '../../maas/images/prune.ts';
import type { Declare } from '../command.ts';
import { overridesOf, settingOption, withSettings } from '../setting-options.ts';

interface Options extends TargetOptions {
  dryRun?: boolean;
  channels?: boolean;
  cache?: boolean;
  yes?: boolean;
}

export const declare: Declare = (program, act) => {
  const { keep, ...others } = RETENTION;
  // Pruning by hand may keep none; a night always keeps one.
  const command = program.command('prune').addOption(settingOption(keep, count(0, 999_999)));
  withSettings(command, Object.values(others))
    .argument('[image]', 'only uploads of this image of the configuration')
    .description(
      'delete old uploads from MAAS; never channels, builds that a channel needs, or images that are or were recently deployed',
    )
    .option('--to <target...>', 'MAAS targets of the configuration (default: the only one)')
    .option('--url <url>', 'URL of a MAAS, instead of a target of the configuration')
    .option('--maas-profile <name>', 'use URL and key of this profile of the maas command')
    .option('--api-key-file <file>', 'file with the API key, "-" for stdin')
    .option(
      '--channels',
      'also delete the sets of earlier promotions that channels store; see docs/upload-reference.md',
    )
    .addOption(
      new Option(
        '--cache',
        'only delete what the cache has of layers, compressed members and rehearsals',
      ).conflicts([
        ...['to', 'url', 'maasProfile', 'apiKeyFile', 'channels', 'keep', 'days', 'deployedDays'],
      ]),
    )
    .option('-y, --yes', 'do not ask before a channel becomes undeployable for a while')
    .option('-n, --dry-run', 'print what would be deleted and why; change nothing')
    .action(
      act(async (session, image: string | undefined, options: Options) => {
        if (options.cache) {
          const { pruneCache } = await import('../prune-cache.ts');
          return pruneCache(session, image, options.dryRun === true);
        }
        const { loadConfig } = await import('../../config/load.ts');
        const { chooseTargets } = await import('../../maas/images/choose-targets.ts');
        const { prune, pruneKept } = await import('../../maas/images/prune.ts');
        const { prunedTable } = await import('../../maas/images/images-table.ts');
        const { keptFolder } = await import('../../workspace/layout.ts');
        const { confirm, terminal } = await import('../confirm.ts');
        const { emit, signal, env } = session;
        const overrides = overridesOf(options, Object.values(RETENTION));
        const { config } = await loadConfig({ file: session.configFile, env, cwd: process.cwd(), overrides });
        const { shareLedgerOf } = await import('../share-ledger.ts');
        await shareLedgerOf(config, session);
        const policy = config.retention;
        const dryRun = options.dryRun === true;
        const of = image === undefined ? undefined : [image];
        const keepIn = keptFolder(config.workspace);
        const channels = options.channels
          ? {
              keepIn,
              confirm: (text: string) =>
                confirm(text, { yes: options.yes === true, signal, io: terminal(session) }),
            }
          : undefined;
        const targets: { target: string; images: PrunedImage[] }[] = [];
        for (const chosen of await chooseTargets(options, session)) {
          const images = await prune(chosen, { policy, images: of, channels, dryRun, emit, signal, env });
          targets.push({ target: chosen.target.name, images });
        }
        if (!dryRun) await pruneKept(keepIn, env);
        session.data({ ok: true, dryRun, targets }, () => prunedTable(targets, dryRun, session.paint));
      }),
    );
};
