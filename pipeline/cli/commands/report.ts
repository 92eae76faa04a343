import type { Declare } from '../command.ts';
import type { Session } from '../session.ts';

interface Options {
  out?: string;
  run?: string;
  since?: string;
}

/** `report [IMAGE]`: one HTML file on the last run of an image. */
export const declare: Declare = (program, act) => {
  program
    .command('report')
    .argument('[image]', 'an image of the configuration (default: the only one)')
    .description(
      'write one HTML file about the last run: verdict, checks, changes, sizes, stages, provenance, console',
    )
    .option('-o, --out <file>', 'the file, - for stdout (default: <workspace>/<image>/report.html)')
    .option('--run <dir>', "an image's folder in a workspace, instead of an image of the configuration")
    .option(
      '--since <image-or-file>',
      'compare with this instead of the last release: anything that `diff` accepts',
    )
    .action(
      act(async (session, image: string | undefined, options: Options) => {
        const { reportPage } = await import('../../report/page/write-report.ts');
        const { env } = session;
        const imageDir = options.run ?? (await folderOf(session, image));
        const since = options.since === undefined ? undefined : await described(session, options.since);
        const html = await reportPage(imageDir, { env, since });
        const { resolve } = await import('node:path');
        const { reportFile } = await import('../../workspace/layout.ts');
        const file = options.out === '-' ? '-' : resolve(options.out ?? reportFile(imageDir));
        if (file === '-') return session.data({ ok: true, html }, html, 'document');
        await write(file, html);
        session.data({ ok: true, file }, file);
      }),
    );
};

/** The folder of the image named, or of the only one. */
async function folderOf(session: Session, name: string | undefined): Promise<string> {
  const { imageFolder } = await import('../../workspace/layout.ts');
  const { selectImage } = await import('../../config/load.ts');
  const { Fault } = await import('../../core/faults/fault.ts');
  const config = await configOf(session);
  const names = Object.keys(config.images);
  if (name === undefined && names.length > 1)
    throw new Fault('USAGE', `Which image? The configuration has ${names.join(', ')}`, {
      hint: `dgxos-maas report ${names[0]}`,
    });
  return imageFolder(config.workspace, selectImage(config, name ?? names[0] ?? '').name);
}

async function configOf({ configFile: file, env }: Session) {
  const { loadConfig } = await import('../../config/load.ts');
  return (await loadConfig({ file, env, cwd: process.cwd() })).config;
}

async function described(session: Session, since: string) {
  const { namedRelease } = await import('../../report/page/previous.ts');
  const { env, emit, signal } = session;
  return namedRelease(since, { env, emit, signal, config: () => configOf(session) });
}

async function write(file: string, html: string): Promise<void> {
  const { default: writeFileAtomic } = await import('write-file-atomic');
  const { Fault, fromSystemError } = await import('../../core/faults/fault.ts');
  try {
    await writeFileAtomic(file, html);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR')
      throw new Fault(
        'USAGE',
        `No file can be written at ${file}: ${code === 'EISDIR' ? 'it is a folder' : 'its folder does not exist'}`,
        {
          hint: 'Use --out with a file in a folder that exists.',
        },
      );
    throw fromSystemError(error, `writing ${file}`);
  }
}
