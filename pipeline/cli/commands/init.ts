import type { Declare } from '../command.ts';

interface Options {
  acceptEula?: boolean;
  force?: boolean;
  release: string;
  stdout?: boolean;
}

export const declare: Declare = (program, act) => {
  program
    .command('init')
    .description('write a commented dgxos-maas.yaml')
    .option('--release <release>', 'the DGX OS release', 'dgxos5')
    .option('--accept-eula', "accept the licence of NVIDIA's releases; on a terminal you are asked")
    .option('--force', 'overwrite an existing file')
    .option('--stdout', 'write to stdout instead of a file')
    .action(
      act(async (session, options: Options) => {
        const { join } = await import('node:path');
        const { CONFIG_FILE } = await import('../../config/find.ts');
        const { initialConfig } = await import('../../config/init.ts');
        const file = session.configFile ?? join(process.cwd(), CONFIG_FILE);
        const { terminal } = await import('../confirm.ts');
        const { licenceAccepted } = await import('../licence.ts');
        const { acceptEula } = options;
        const io = terminal(session);
        const accepted = await licenceAccepted(options.release, { acceptEula, io, signal: session.signal });
        const text = await initialConfig(options.release, file, accepted);
        if (options.stdout) {
          session.data({ ok: true, text }, text.trimEnd(), 'document');
          return;
        }
        const { writeNew } = await import('../../config/write-new.ts');
        await writeNew(file, text, options.force === true);
        const { loadRelease } = await import('../../config/releases/load.ts');
        const { iso, licence } = await loadRelease(options.release);
        const sources = iso !== null ? 'iso.source and iso.sha256' : 'the sources and sums of archive';
        const what = licence !== null && !accepted ? `accept_eula, ${sources}` : sources;
        session.data({ ok: true, file }, `${file} written. Set ${what} in it, then: dgxos-maas doctor`);
      }),
    );
};
