import { EXIT } from '../../core/faults/catalogue.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { FormatFlags } from '../../report/formats/write.ts';
import type { Declare } from '../command.ts';
import { withFormats } from '../format-options.ts';

const IMAGES = `
An image is an archive (.tar.gz, .tar.xz, .tar.bz2, .tar: a path, an http(s)
URL, or - for stdin), NAME.manifest.json, pack/facts.json, an image's folder in
the workspace, the name of an image of the configuration, or the name or digest
of an upload. A manifest says less than the others; what it does not say is not
compared.`;

interface Options extends FormatFlags {
  full?: boolean;
  exitCode?: boolean;
}

/** `diff A B`: what changed between two images. */
export const declare: Declare = (program, act) => {
  const command = program
    .command('diff')
    .argument('<a>', 'the older image')
    .argument('<b>', 'the newer image')
    .description('compare two images: packages, kernels, sizes, setuid files, services, users')
    .option('--exit-code', 'exit with 1 if the images differ (without this option the code is 0 either way)')
    .option(
      '--full',
      'read both archives completely, also where their manifests list the members that are equal',
    )
    .addHelpText('after', IMAGES)
    .action(
      act(async (session, a: string, b: string, options: Options) => {
        if (a === '-' && b === '-')
          throw new Fault('USAGE', 'Only one of the two images can come from stdin');
        const { loadConfig } = await import('../../config/load.ts');
        const { describeImage } = await import('../../image/diff/describe.ts');
        const { compareImages } = await import('../../image/diff/compare.ts');
        const { diffText } = await import('../../report/text/diff.ts');
        const { DIFF } = await import('../../report/formats/diffs.ts');
        const { writeReports } = await import('../../report/formats/write.ts');
        const { env, emit, signal, configFile: file } = session;
        const config = async () => (await loadConfig({ file, env, cwd: process.cwd() })).config;
        // One after the other: both are read from the same disk.
        const request = { env, emit, signal, config };
        const { describeByMembers } = await import('../../image/diff/by-members.ts');
        const known = options.full ? null : await describeByMembers(a, b, request);
        const [before, after] = known ?? [await describeImage(a, request), await describeImage(b, request)];
        const diff = compareImages(before, after);
        const document = await writeReports('diff', options, diff, DIFF, env);
        session.data(
          { ok: true, ...diff },
          () => document ?? diffText(diff, session.paint),
          document === undefined ? undefined : 'document',
        );
        if (options.exitCode && diff.different) session.exitCode = EXIT.unclassified;
      }),
    );
  withFormats(command, 'diff');
};
