import type { TargetOptions } from '../../upload/choose-targets.ts';
import type { Declare } from '../command.ts';

export const declare: Declare = (program, act) => {
  program
    .command('images')
    .description('what a MAAS has: uploaded images, whether they are complete, and of which build they are')
    .option('--to <target...>', 'MAAS targets of the configuration (default: the only one)')
    .option('--machines', 'also which machines have each image now (on a MAAS with many, this takes a while)')
    .option('--url <url>', 'a MAAS in place of a target of the configuration')
    .option('--maas-profile <name>', 'take URL and key of this profile of the maas command')
    .option('--api-key-file <file>', 'where the API key is, "-" for stdin')
    .action(
      act(async (session, options: TargetOptions & { machines?: boolean }) => {
        const { chooseTargets } = await import('../../upload/choose-targets.ts');
        const { listImages } = await import('../../upload/list-images.ts');
        const { imagesTable } = await import('../../upload/images-table.ts');
        const { paint } = await import('../../report/paint.ts');
        const targets = await chooseTargets(options, session);
        const lists = await Promise.all(
          targets.map(async (chosen) => ({
            target: chosen.target.name,
            images: await listImages(chosen, { ...session, machines: options.machines }),
          })),
        );
        session.data({ ok: true, targets: lists }, () => imagesTable(lists, paint(session.color)));
      }),
    );
};
