import { parse } from 'yaml';
import type { FileToAdd } from '../../config/types.ts';
import { shellQuoted } from '../../host/process/shell-word.ts';
import type { ServedFile } from './files.ts';
import { readTemplate, renderTemplate } from './templates.ts';
import type { RenderImage } from './types.ts';

/** A command of curtin's or of subiquity's: argv, or a line for the shell. */
export type Command = string | string[];

export interface TargetSteps {
  image: Pick<RenderImage, 'packages' | 'lateCommands'>;
  files: ServedFile[];
  /** Kernel parameter that carries the address of the served configuration, and the name of that file. */
  configParameter: string;
  configFile: string;
  /** The command that runs a program in the target, such as `curtin in-target --`. */
  inTarget: string[];
}

/**
 * The steps on a target after the medium's own, by names that give their order: the user's packages (50, 51), files (52) and
 * commands (54), the hygiene that makes an installed system an image (60 to 88).
 */
export async function targetSteps(request: TargetSteps): Promise<Record<string, Command>> {
  const { image, files, inTarget } = request;
  const chroot = (script: string, ...args: string[]) => inRoot(inTarget, script, ...args);
  const steps: Record<string, Command> = {};
  const sources = await readTemplate('curtin/apt-sources.sh');
  if (image.packages.length > 0) {
    steps['50_build_sources'] = chroot(sources, 'add', ...image.packages);
    steps['51_build_packages'] = chroot(
      `DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install --no-install-recommends ${image.packages.map(shellQuoted).join(' ')}`,
    );
  }
  for (const [i, file] of files.entries())
    steps[`52_build_file_${number(i)}`] = ['sh', '-c', await fetchFile(file, request)];
  for (const [i, [key, command]] of Object.entries(sorted(image.lateCommands)).entries())
    steps[`54_user_${number(i)}_${key}`] = command;
  steps['60_apt_sources'] = chroot(sources, 'settle', ...aptFiles(files));
  const hygiene = parse(await readTemplate('curtin/hygiene.yaml')) as Record<string, string>;
  for (const [key, script] of Object.entries(hygiene)) steps[key] = chroot(`${IN_ROOT}${script}`);
  for (const name of ['80_resolv_conf', '88_build_target'])
    steps[name] = ['sh', '-c', await readTemplate(`curtin/${name.slice(3).replaceAll('_', '-')}.sh`)];
  return steps;
}

/** A script in the target's own shell. */
export function inRoot(inTarget: string[], script: string, ...args: string[]): Command {
  return [...inTarget, 'sh', '-c', script, ...(args.length ? ['sh', ...args] : [])];
}

/** curtin sorts by code points, as JavaScript does for these keys. */
export function sorted<T>(section: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(section).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Sorts as text up to a thousand. */
const number = (i: number): string => String(i).padStart(3, '0');

/** The user's own files below /etc/apt, relative to it: nothing in them is the build's, to be removed. */
export const aptFiles = (files: readonly FileToAdd[]): string[] =>
  files.flatMap(({ path }) => (path.startsWith(APT) ? [path.slice(APT.length)] : []));
const APT = '/etc/apt/';

/** An installer may run with a umask of its own; the files of the image have the usual one. */
const IN_ROOT = 'set -e\numask 022\ncd /\n';

async function fetchFile(file: ServedFile, { configParameter, configFile }: TargetSteps): Promise<string> {
  const [user, group] = file.owner.split(':');
  return renderTemplate('curtin/fetch-file.sh.eta', {
    parameter: configParameter,
    config: configFile.replaceAll('.', '\\.'),
    served: file.served,
    sha256: file.sha256,
    user: shellQuoted(user ?? 'root'),
    group: shellQuoted(group || user || 'root'),
    mode: shellQuoted(file.mode),
    path: shellQuoted(file.path),
  });
}
