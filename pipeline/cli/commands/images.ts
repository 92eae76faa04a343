import type { Command } from 'commander';
import type { ChosenTarget, TargetOptions } from '../../maas/images/choose-targets.ts';
import type { ListedImage } from '../../maas/images/list-images.ts';
import type { Act, Declare } from '../command.ts';
import type { Session } from '../session.ts';

const targetFlags = (command: Command, dflt: string) =>
  command
    .option('--to <target...>', `MAAS targets of the configuration (default: ${dflt})`)
    .option('--url <url>', 'URL of a MAAS, instead of a target of the configuration')
    .option('--maas-profile <name>', 'use URL and key of this profile of the maas command')
    .option('--api-key-file <file>', 'file with the API key, "-" for stdin');

/** The images of a target that are meant, each once; all where nothing is named. */
async function meant(
  chosen: ChosenTarget,
  texts: readonly string[],
  session: Session,
  machines: boolean,
): Promise<{ images: ListedImage[]; all: ListedImage[] }> {
  const { loadConfig } = await import('../../config/load.ts');
  const { shareLedgerOf } = await import('../share-ledger.ts');
  const { configFile, env } = session;
  const { config } = await loadConfig({ file: configFile, env, cwd: process.cwd() });
  await shareLedgerOf(config, session);
  const { listImages } = await import('../../maas/images/list-images.ts');
  const all = await listImages(chosen, { ...session, machines });
  if (texts.length === 0) return { images: all, all };
  const { readLedger } = await import('../../workspace/ledger/ledger.ts');
  const { maasUrl } = await import('../../config/maas-url.ts');
  const { findImages } = await import('../../maas/images/find-image.ts');
  const where = { config, ledger: await readLedger(env), target: maasUrl(chosen.target.url) };
  return { images: [...new Set(texts.flatMap((text) => findImages(all, text, where)))], all };
}

export const declare: Declare = (program, act) => {
  const images = targetFlags(
    program
      .command('images')
      .argument(
        '[image]',
        'only this one: a name or id in MAAS, IMAGE:CHANNEL, or all uploads of an image of the configuration',
      )
      .description('list the uploaded images of a MAAS, their state and the build that each came from'),
    'the only one',
  )
    .option('--machines', 'also list the machines that use each image (slow on a MAAS with many machines)')
    .action(
      act(async (session, text: string | undefined, options: TargetOptions & { machines?: boolean }) => {
        const { chooseTargets } = await import('../../maas/images/choose-targets.ts');
        const { imagesTable } = await import('../../maas/images/images-table.ts');
        const targets = await chooseTargets(options, session);
        const lists = await Promise.all(
          targets.map(async (chosen) => ({
            target: chosen.target.name,
            images: (
              await meant(chosen, text === undefined ? [] : [text], session, options.machines === true)
            ).images,
          })),
        );
        session.data({ ok: true, targets: lists }, () => imagesTable(lists, session.paint));
      }),
    );
  declareDelete(images, act);
};

interface DeleteOptions extends TargetOptions {
  force?: boolean;
  yes?: boolean;
  dryRun?: boolean;
}

function declareDelete(images: Command, act: Act): void {
  const command = targetFlags(
    images
      .command('delete')
      .argument('<image...>', 'names or ids in MAAS')
      .description(
        'delete uploaded images; never channels, images that a channel or a machine needs, or unfinished uploads',
      ),
    'the only one',
  )
    .option('--force', 'also delete images that were not uploaded from this host')
    .option('-y, --yes', 'do not ask')
    .option('-n, --dry-run', 'print what would be deleted; change nothing')
    .action(
      act(async (session, texts: string[]) => {
        // Options that `images` has too are parsed by it, wherever they stand.
        const options = command.optsWithGlobals() as DeleteOptions;
        const { chooseTargets } = await import('../../maas/images/choose-targets.ts');
        const { deleteNamed } = await import('../delete-images.ts');
        const [chosen, ...more] = await chooseTargets(options, session);
        if (more.length > 0) {
          const { Fault } = await import('../../core/faults/fault.ts');
          throw new Fault('USAGE', 'Images are deleted from one MAAS at a time', {
            hint: 'Name one with --to.',
          });
        }
        const { images: found, all } = await meant(chosen as ChosenTarget, texts, session, true);
        await deleteNamed(session, chosen as ChosenTarget, found, all, options);
      }),
    );
}
