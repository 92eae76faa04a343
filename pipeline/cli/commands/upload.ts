import { type Command, Option } from 'commander';
import type { BareFileOptions } from '../../upload/bare-file.ts';
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

interface Options extends BareFileOptions, UploadImageOptions {
  apiKeyFile?: string;
}

const OF_FILES = ['name', 'title', 'baseImage', 'filetype', 'apiKeyFile'] as const;

/** `upload`: an image of the configuration, or any file. @param configured loads what sends an image of the configuration */
export function declareUpload(configured: () => Promise<UploadConfiguredImage>): Declare {
  return (program: Command, act: Act) => {
    program
      .command('upload')
      .argument('<image-or-file>', 'an image of the configuration, or a file')
      .description('send an image to MAAS, whatever happens on the way; sends nothing that is there already')
      .option(
        '--to <target...>',
        'MAAS targets of the configuration (default: those of the image, or the only one)',
      )
      .option(
        '--name <name>',
        'of a file: the name in MAAS, such as custom/dgx1-5.0 (default: from the file name)',
      )
      .option('--title <title>', 'of a file: the title in MAAS (default: the name)')
      .option('--architecture <arch>', 'of a file: its architecture', 'amd64/generic')
      .option(
        '--base-image <os/series>',
        'of a file: what it is made of, such as ubuntu/focal (default: from the image)',
      )
      .option('--filetype <type>', 'of a file: tgz, tbz, txz or dd… (default: from the file name)')
      .addOption(new Option('--profile <id>', 'of a file: which checks apply').default('any-ubuntu'))
      .option('--no-validate', 'of a file: upload it unchecked')
      .option('--api-key-file <file>', 'of a file: where the API key is, "-" for stdin')
      .action(
        act(async (session, subject: string, options: Options) => {
          if (await isFile(subject)) return uploadFile(session, subject, options);
          const { Fault } = await import('../../errors/fault.ts');
          const out = OF_FILES.find((name) => options[name] !== undefined);
          if (out)
            throw new Fault('UPLOAD_MISSING', `There is no file ${subject}`, {
              hint: `--${out.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} belongs to the upload of a file.`,
            });
          await (await configured())(session, subject, { to: options.to });
        }),
      );
  };
}

/** A path, or the name of something that lies here. */
async function isFile(subject: string): Promise<boolean> {
  const { existsSync } = await import('node:fs');
  return subject.includes('/') || existsSync(subject);
}

async function uploadFile(session: Session, path: string, options: Options): Promise<void> {
  const { basename } = await import('node:path');
  const { chooseTargets } = await import('../../upload/choose-targets.ts');
  const { siteWaivers } = await import('../../checks/site-waivers.ts');
  const { describeFile } = await import('../../upload/bare-file.ts');
  const { uploadToTargets } = await import('../../upload/to-targets.ts');
  const { uploadSummary } = await import('../../upload/summary.ts');
  const { paint } = await import('../../report/paint.ts');
  // The key first: its fault should not cost the reading of the file.
  const targets = await chooseTargets(options, session);
  const waivers = () => siteWaivers(undefined, session);
  const file = await describeFile(path, options, { emit: session.emit, signal: session.signal, waivers });
  const { emit, signal, env } = session;
  const results = await uploadToTargets(targets, { ...file, image: basename(path), emit, signal, env });
  session.data({ ok: true, uploads: results }, () => uploadSummary(results, paint(session.color)));
}
