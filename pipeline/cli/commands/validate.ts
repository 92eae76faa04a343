import type { Command } from 'commander';
import { EXIT } from '../../core/faults/catalogue.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { FormatFlags } from '../../report/formats/write.ts';
import type { Act } from '../command.ts';
import { withFormats } from '../format-options.ts';
import type { Session } from '../session.ts';

interface ValidateFlags extends FormatFlags {
  profile?: string;
  baseImage?: string;
  waivers?: string;
  platform?: string;
  offline?: boolean;
  probeSources?: boolean;
  since?: string;
  facts?: boolean;
}

/** `validate IMAGE`: every check on an image of the configuration, or on any file, whoever made it. */
export function declare(program: Command, act: Act): void {
  const command = program
    .command('validate')
    .argument(
      '<image-or-file>',
      'an image of the configuration, or .tar.gz, .tar.xz, .tar.bz2 or .tar: a path, an http(s) URL, or - for stdin',
    )
    .description('check an image for MAAS in one pass; exit code 6 if a blocker fails')
    .option(
      '-p, --profile <profile>',
      'dgxos5, dgxos6, dgxos7, dgxos8, dgxos (by base image), demo or any-ubuntu (default: that of the image; for a file any-ubuntu)',
    )
    .option(
      '--base-image <os/series>',
      'the base image for MAAS, such as ubuntu/focal (default: as configured)',
    )
    .option(
      '--platform <platform>',
      'the platform that /etc/dgx-release must name and whose packages must be there (default: as configured)',
    )
    .option('--offline', 'machines cannot reach an archive: missing boot packages are blockers')
    .option('--probe-sources', 'test whether each apt source in the image can be reached (at most a minute)')
    .option('--since <image-or-file>', 'compare the size with this release: anything that `diff` accepts')
    .option(
      '--waivers <file>',
      'YAML file with accepted findings: {check, finding, reason, until} (default: as configured)',
    )
    .option('--facts', 'add all facts of the image to the output of --json')
    .action(act(validate));
  withFormats(command, 'validate');
}

async function validate(session: Session, file: string, flags: ValidateFlags): Promise<void> {
  if (flags.baseImage !== undefined && !/^[a-z]+\/[a-z0-9.-]+$/i.test(flags.baseImage))
    throw new Fault('USAGE', `"${flags.baseImage}" is not a base image`, {
      hint: 'Use os/series, such as ubuntu/focal.',
    });
  const [{ validateFile }, { siteWaivers }] = await Promise.all([
    import('../../image/checks/validate-file.ts'),
    import('../../image/checks/site-waivers.ts'),
  ]);
  const { prepareReports, writeReports } = await import('../../report/formats/write.ts');
  await prepareReports('validate', flags);
  const previousBytes = flags.since === undefined ? null : await sizeOf(flags.since, session);
  const { configuredImage } = await import('../../image/checks/configured-image.ts');
  const image = await configuredImage(file, session);
  const profile = flags.profile ?? image?.profile ?? 'any-ubuntu';
  const platform = flags.platform ?? image?.platform ?? null;
  const asConfigured = flags.profile === undefined && flags.platform === undefined;
  const result = await validateFile(image?.path ?? file, {
    profile,
    packages: asConfigured ? (image?.packages ?? null) : await packagesBy(profile, platform),
    baseImage: flags.baseImage ?? image?.baseImage ?? null,
    platform,
    architecture: image?.architecture ?? null,
    offline: flags.offline ?? false,
    previousBytes,
    probeSources: flags.probeSources ?? false,
    waivers: await siteWaivers(flags.waivers, session),
    signal: session.signal,
    emit: session.emit,
  });
  const { VERDICTS } = await import('../../report/formats/verdicts.ts');
  const { verdictTable } = await import('../../report/text/verdict.ts');
  const { name, size, sha256, verdict, facts } = result;
  const judged = [{ suite: `dgxos-maas validate ${name}`, name, size, sha256, verdict }];
  const document = await writeReports('validate', flags, judged, VERDICTS, session.env);
  session.data(
    { ok: verdict.passed, file: name, size, sha256, ...verdict, ...(flags.facts ? { facts } : {}) },
    () => document ?? verdictTable(result, verdict, session.paint),
    document === undefined ? undefined : 'document',
  );
  if (!verdict.passed) session.exitCode = EXIT.validation;
}

/** The facts on a platform of the release that has a profile's name. */
async function packagesBy(profile: string, platform: string | null): Promise<string[] | null> {
  const { loadRelease, releaseIds } = await import('../../config/releases/load.ts');
  const { requiredPackages } = await import('../../config/releases/archive.ts');
  const known = (await releaseIds()).includes(profile);
  return known ? requiredPackages(await loadRelease(profile), platform) : null;
}

/** Bytes of the files of an image. @throws Fault as `describeImage` does */
async function sizeOf(image: string, { env, emit, signal, configFile }: Session): Promise<number> {
  const { describeImage } = await import('../../image/diff/describe.ts');
  const { loadConfig } = await import('../../config/load.ts');
  const config = async () => (await loadConfig({ file: configFile, env, cwd: process.cwd() })).config;
  const { facts } = await describeImage(image, { env, emit, signal, config });
  if (facts.bytes) return facts.bytes.stored;
  throw new Fault('IMAGE_UNREADABLE', `The size of the files of ${image} is not known`, {
    hint: 'Use its manifest, its facts.json or the archive.',
  });
}
