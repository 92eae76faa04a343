import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { BareFileOptions } from '../../maas/images/bare-file.ts';
import type { TargetOptions } from '../../maas/images/choose-targets.ts';
import type { Act, Declare } from '../command.ts';
import type { Session } from '../session.ts';

export interface UploadImageOptions {
  /** Names of targets; none: those of the image. */
  to?: string[];
}

/** Sends the finished artifact of an image of the configuration. */
export type UploadConfiguredImage = (
  session: Session,
  image: string,
  options: UploadImageOptions,
) => Promise<void>;

type Options = BareFileOptions & TargetOptions;

const OF_FILES = [
  ...['name', 'title', 'architecture', 'baseImage', 'filetype'],
  ...['apiKeyFile', 'url', 'maasProfile'],
] as (keyof Options)[];

/** `upload`: an image of the configuration, or any file. @param configured loads what sends an image of the configuration */
export function declareUpload(configured: () => Promise<UploadConfiguredImage>): Declare {
  return (program: Command, act: Act) => {
    program
      .command('upload')
      .argument('<image-or-file>', 'an image of the configuration, or a file')
      .description('upload an image to MAAS, resuming after every fault; nothing that MAAS has is sent again')
      .option(
        '--to <target...>',
        'MAAS targets of the configuration (default: those of the image, or the only one)',
      )
      .option(
        '--name <name>',
        'for a file: the name in MAAS, such as custom/dgx1-5.0 (default: from the file name)',
      )
      .option('--title <title>', 'for a file: the title in MAAS (default: the name)')
      .option(
        '--architecture <arch>',
        'for a file: its architecture (default: from the image, else amd64/generic)',
      )
      .option(
        '--base-image <os/series>',
        'for a file: its base image, such as ubuntu/focal (default: from the image)',
      )
      .option('--filetype <type>', 'for a file: tgz, tbz, txz or dd… (default: from the file name)')
      .addOption(new Option('--profile <profile>', 'for a file: the profile of checks').default('any-ubuntu'))
      .option('--no-validate', 'for a file: upload it unchecked')
      .option('--url <url>', 'for a file: URL of the MAAS, instead of a target of the configuration')
      .option('--maas-profile <name>', 'for a file: use URL and key of this profile of the maas command')
      .option('--api-key-file <file>', 'for a file: file with the API key, "-" for stdin')
      .action(
        act(async (session, subject: string, options: Options) => {
          const found = await whatIs(subject, session);
          if (found === 'file')
            return (await import('../upload-file.ts')).uploadFile(session, subject, options);
          const out = OF_FILES.find((name) => options[name] !== undefined);
          if (out) {
            const { Fault } = await import('../../core/faults/fault.ts');
            const flag = out.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
            throw new Fault(
              'USAGE',
              `--${flag} is only for the upload of a file, and ${subject} is an image of the configuration`,
              {
                hint: 'It is set in the configuration (`dgxos-maas config show`). For a file, write a slash: ./FILE.',
              },
            );
          }
          await (await configured())(session, subject, { to: options.to });
        }),
      );
  };
}

/**
 * A file where the subject has a slash or is the name of one here, else an image of the configuration.
 * @throws Fault UPLOAD_MISSING when it is neither
 */
async function whatIs(subject: string, session: Session): Promise<'file' | 'image'> {
  if (subject.includes('/') || statSync(subject, { throwIfNoEntry: false })?.isFile()) return 'file';
  const { loadConfig } = await import('../../config/load.ts');
  const { config } = await loadConfig({ file: session.configFile, env: session.env, cwd: process.cwd() });
  if (Object.hasOwn(config.images, subject)) return 'image';
  const { Fault } = await import('../../core/faults/fault.ts');
  const { suggest } = await import('../../core/text/suggest.ts');
  const names = Object.keys(config.images);
  const meant = suggest(subject, names);
  const images = names.length > 0 ? `The images are: ${names.join(', ')}.` : 'No image is configured.';
  throw new Fault(
    'UPLOAD_MISSING',
    `"${subject}" is neither a file nor an image of the configuration${meant ? `. Did you mean "${meant}"?` : ''}`,
    {
      hint: `${images} ${config.file === null ? `There is no dgxos-maas.yaml here.` : `They are in ${config.file}.`}`,
    },
  );
}
