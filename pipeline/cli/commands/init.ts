import type { Declare } from '../command.ts';

interface Options {
  force?: boolean;
  release: string;
  stdout?: boolean;
}

export const declare: Declare = (program, act) => {
  program
    .command('init')
    .description('write a commented dgxos-maas.yaml')
    .option('--release <release>', 'the DGX OS release', 'dgxos5')
    .option('--force', 'overwrite an existing file')
    .option('--stdout', 'write to stdout instead of a file')
    .action(
      act(async (session, options: Options) => {
        const { join } = await import('node:path');
        const { CONFIG_FILE } = await import('../../config/find.ts');
        const { initialConfig } = await import('../../config/init.ts');
        const file = session.configFile ?? join(process.cwd(), CONFIG_FILE);
        const text = await initialConfig(options.release, file);
        if (options.stdout) {
          session.data({ ok: true, text }, text.trimEnd(), 'document');
          return;
        }
        const { writeNew } = await import('../../config/write-new.ts');
        await writeNew(file, text, options.force === true);
        session.data(
          { ok: true, file },
          `${file} written. Set iso.source and iso.sha256 in it, then: dgxos-maas doctor`,
        );
      }),
    );
};
