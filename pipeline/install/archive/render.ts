import { parse } from 'yaml';
import type { ArchivePackages } from '../../config/releases/archive.ts';
import type { Architecture } from '../../config/types.ts';
import { shellQuoted, shellWord } from '../../host/process/shell-word.ts';
import { filesToServe, type ServedFile } from '../render/files.ts';
import { aptFiles } from '../render/target-steps.ts';
import { readTemplate, renderTemplate } from '../render/templates.ts';
import type { Rendered, RenderImage } from '../render/types.ts';
import { type Named, writeRendered } from '../render/write.ts';

/** Everything that decides what is rendered; nothing else may be read but templates. */
export interface ArchiveRenderInput {
  image: Pick<RenderImage, 'name' | 'packages' | 'lateCommands' | 'files'>;
  architecture: Architecture;
  packages: ArchivePackages;
  /** Whether a licence was accepted, so that packages which ask are answered. */
  licence: boolean;
  hook: string | null;
  /** The folder to write to; emptied first. */
  dir: string;
}

/** Seconds; an installation by a slow line and with an emulated processor is still waited for. */
const INSTALL_TIMEOUT_S = 4 * 3600;

/**
 * Writes what an installation from archives runs: Packer HCL with a build.sh that may as well be run by hand.
 * @throws Fault CONFIG_INVALID, TEMPLATE_FAILED, DISK_FULL, NO_PERMISSION
 */
export async function renderArchive(input: ArchiveRenderInput): Promise<Rendered> {
  const files = await filesToServe(input.image, { hook: input.hook });
  return await writeRendered({
    dir: input.dir,
    packer: await archiveFiles(input, files),
    configs: [],
    files,
    installTimeoutS: INSTALL_TIMEOUT_S,
    layer: null,
    settings: {
      architecture: { value: input.architecture, from: 'config' },
      kernel: { value: input.packages.kernel, from: 'template' },
    },
  });
}

async function archiveFiles(input: ArchiveRenderInput, files: ServedFile[]): Promise<Named[]> {
  const { image, packages } = input;
  const inside = {
    architecture: input.architecture,
    licence: input.licence,
    installs: installsOf(input),
    purge: words(packages.purge),
    services: words(packages.services),
    kernel: shellWord(packages.kernel),
    files: files.map((file) => {
      const [user = 'root', group = user] = file.owner.split(':');
      return {
        served: file.served,
        sha256: file.sha256,
        ...quoted({ user, group, mode: file.mode, path: file.path }),
      };
    }),
    lateCommands: Object.keys(image.lateCommands)
      .sort()
      .map((key) => ({ what: shellQuoted(`late command ${key}`), argv: argvOf(image.lateCommands[key]!) })),
    hygiene: await hygiene(image.files),
  };
  return [
    ['source.pkr.hcl', await renderTemplate('hcl/archive.pkr.hcl.eta', { image: image.name })],
    ['build.sh', await renderTemplate('archive/build.sh.eta', { image: image.name })],
    ['inside.sh', await renderTemplate('archive/inside.sh.eta', inside)],
    ['apt.sh', await readTemplate('archive/apt.sh')],
    ['system.sh', await readTemplate('namespace/system.sh')],
    ['servers.py', await readTemplate('namespace/servers.py')],
    ['hand-over.sh', await readTemplate('hcl/hand-over.sh')],
  ];
}

/** In the order in which apt is asked: what pins the driver decides the versions of all that follows. */
function installsOf({
  image,
  packages,
  architecture,
}: ArchiveRenderInput): { what: string; packages: string }[] {
  const boot = packages.boot.map((name) => name.replaceAll('{architecture}', architecture));
  const steps: [string, readonly string[]][] = [
    ['what pins the driver', packages.first],
    ['the kernel and the boot loaders', [packages.kernel, ...boot]],
    ['the packages of the platform', packages.packages],
    ['the packages of the image', image.packages],
  ];
  return steps.flatMap(([what, names]) =>
    names.length ? [{ what: shellQuoted(what), packages: words(names) }] : [],
  );
}

function argvOf(command: string | string[]): string {
  return typeof command === 'string' ? `sh -c ${shellQuoted(command)}` : words(command);
}

/** The same that a VM runs, and the image's own sources again. */
async function hygiene(
  files: ArchiveRenderInput['image']['files'],
): Promise<{ what: string; script: string }[]> {
  const prelude = 'umask 022\ncd /\n';
  const scripts: [string, string][] = [
    [
      'apt sources',
      `set -- ${words(['settle', ...aptFiles(files)])}\n${await readTemplate('curtin/apt-sources.sh')}`,
    ],
    ...Object.entries(parse(await readTemplate('curtin/hygiene.yaml')) as Record<string, string>),
    ['resolv.conf', await readTemplate('curtin/resolv-conf.sh')],
  ];
  return scripts.map(([name, script]) => ({
    what: shellQuoted(`clearing away: ${name.replace(/^\d+_/, '').replaceAll('_', ' ')}`),
    script: shellQuoted(prelude + script),
  }));
}

const words = (list: readonly string[]): string => list.map(shellWord).join(' ');

function quoted<T extends Record<string, string>>(values: T): T {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, shellQuoted(value)])) as T;
}
