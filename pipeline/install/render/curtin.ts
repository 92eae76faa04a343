import { parse, stringify } from 'yaml';
import { Fault } from '../../core/faults/fault.ts';
import { shellQuoted } from '../../host/process/shell-word.ts';
import { type Command, type LayerRule, namespaceConfig } from '../namespace/curtin.ts';
import type { ServedFile } from './files.ts';
import { readTemplate, renderTemplate } from './templates.ts';
import { CREDENTIAL_TOKEN, type InstallWay, type RenderImage, type RenderRelease } from './types.ts';

export interface CurtinRequest {
  image: Pick<RenderImage, 'packages' | 'lateCommands'>;
  release: Pick<RenderRelease, 'configParameter'>;
  /** The configuration to lay over, and its name for messages. */
  base: Record<string, unknown>;
  name: string;
  files: ServedFile[];
  way: InstallWay;
}

/** The rendered configuration; without a VM also the one that goes on from a layer, and whether there may be one. */
export interface ComposedCurtin {
  curtin: string;
  fromLayer: string | null;
  layer: LayerRule | null;
}

/**
 * The installer's configuration: the base's settings as they are, and over them the run's credentials in place of a
 * known password, the user's packages, files and commands, and the hygiene of the target. curtin runs commands in the
 * order of their keys: ours go between the last of the base's that changes the target and the first that lets Packer in.
 * @throws Fault SUBMODULE_UNREADABLE when the base's keys leave no room for ours
 */
export async function composeCurtin(request: CurtinRequest): Promise<ComposedCurtin> {
  const { base, name } = request;
  const early = commands(base.early_commands, 'early_commands', name);
  const late = commands(base.late_commands, 'late_commands', name);
  const doors = Object.keys(late).filter((key) => opensTheDoor(late[key] as Command));
  const installs = Object.keys(late).filter((key) => !doors.includes(key) && key < (doors.sort()[0] ?? '~'));
  const replaced = [replacePassword(early), replacePassword(late)].includes(true);
  const ours = await ourCommands(request);
  if (!replaced && request.way === 'vm') ours['89_build_password'] = PASSWORD_COMMAND;
  assertFits(installs, Object.keys(ours), doors, name);
  const config = { ...base, ...(base.early_commands ? { early_commands: early } : {}) };
  const written = (value: object) =>
    `# Rendered by dgxos-maas from ${name}.\n${stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })}`;
  if (request.way === 'vm') {
    const commands = sorted({ ...late, ...ours, '99_build_hold': HOLD });
    return { curtin: written({ ...config, late_commands: commands }), fromLayer: null, layer: null };
  }
  const made = await namespaceConfig(config, sorted(pick(late, installs)), sorted(ours), name);
  return {
    curtin: written(made.whole),
    fromLayer: made.fromLayer && written(made.fromLayer),
    layer: made.layer,
  };
}

function pick<T>(section: Record<string, T>, keys: string[]): Record<string, T> {
  return Object.fromEntries(keys.map((key) => [key, section[key] as T]));
}

/** The build puts the hash of the run's random password in the token's place when it serves the file. */
const PASSWORD_COMMAND: Command = ['sh', '-c', `echo 'root:${CREDENTIAL_TOKEN}' | chpasswd -e`];

/**
 * What comes after the late commands is the installer's affair, a reboot for example. The hand-over of a large root takes
 * longer than upstream waits; the build ends the VM.
 */
const HOLD: Command = ['sleep', '86400'];

function commands(value: unknown, section: string, name: string): Record<string, Command> {
  const found: Record<string, Command> = {};
  for (const [key, command] of Object.entries(value ?? {})) {
    // curtin passes over an empty command.
    if (command === null || command?.length === 0) continue;
    if (
      typeof command !== 'string' &&
      !(Array.isArray(command) && command.every((word) => typeof word === 'string'))
    )
      throw new Fault(
        'SUBMODULE_UNREADABLE',
        `${name}: ${section}.${key} must be a list of words or a shell line`,
      );
    found[key] = command as Command;
  }
  return found;
}

const text = (command: Command): string => (typeof command === 'string' ? command : command.join(' '));

const inTarget = (command: Command): boolean => /\bcurtin\b.*\bin-target\b/.test(text(command));

/** Whether a command lets Packer into the live system: its password, its sshd, and what only follows these. */
function opensTheDoor(command: Command): boolean {
  return (
    !inTarget(command) &&
    /\bchpasswd\b|\/etc\/ssh\/|\bsystemctl\s+(re)?start\s+sshd?\b|\bservice\s+sshd?\s+(re)?start\b/.test(
      text(command),
    )
  );
}

function replacePassword(section: Record<string, Command>): boolean {
  const keys = Object.keys(section).filter(
    (key) => !inTarget(section[key] as Command) && /\bchpasswd\b/.test(text(section[key] as Command)),
  );
  for (const key of keys) section[key] = PASSWORD_COMMAND;
  return keys.length > 0;
}

async function ourCommands({ image, release, files }: CurtinRequest): Promise<Record<string, Command>> {
  const ours: Record<string, Command> = {};
  const sources = await readTemplate('curtin/apt-sources.sh');
  if (image.packages.length > 0) {
    ours['50_build_sources'] = chroot(sources, 'add');
    ours['51_build_packages'] = chroot(
      `DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install --no-install-recommends ${image.packages.map(shellQuoted).join(' ')}`,
    );
  }
  for (const [i, file] of files.entries())
    ours[`52_build_file_${number(i)}`] = ['sh', '-c', await fetchFile(file, release)];
  for (const [i, [key, command]] of Object.entries(sorted(image.lateCommands)).entries())
    ours[`54_user_${number(i)}_${key}`] = command;
  ours['60_apt_sources'] = chroot(sources, 'settle');
  const hygiene = parse(await readTemplate('curtin/hygiene.yaml')) as Record<string, string>;
  for (const [key, script] of Object.entries(hygiene)) ours[key] = chroot(`${IN_ROOT}${script}`);
  for (const name of ['80_resolv_conf', '88_build_target'])
    ours[name] = ['sh', '-c', await readTemplate(`curtin/${name.slice(3).replaceAll('_', '-')}.sh`)];
  return ours;
}

/** Sorts as text up to a thousand. */
const number = (i: number): string => String(i).padStart(3, '0');

/** An installer may run with a umask of its own; the files of the image have the usual one. */
const IN_ROOT = 'set -e\numask 022\ncd /\n';

function chroot(script: string, ...args: string[]): Command {
  return ['curtin', 'in-target', '--', 'sh', '-c', script, ...(args.length ? ['sh', ...args] : [])];
}

async function fetchFile(file: ServedFile, release: CurtinRequest['release']): Promise<string> {
  const [user, group] = file.owner.split(':');
  return renderTemplate('curtin/fetch-file.sh.eta', {
    parameter: release.configParameter,
    served: file.served,
    sha256: file.sha256,
    user: shellQuoted(user ?? 'root'),
    group: shellQuoted(group || user || 'root'),
    mode: shellQuoted(file.mode),
    path: shellQuoted(file.path),
  });
}

/** curtin sorts by code points, as JavaScript does for these keys. */
function sorted<T>(section: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(section).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function assertFits(before: string[], ours: string[], after: string[], name: string): void {
  const first = [...ours].sort()[0] as string;
  const last = [...ours].sort().at(-1) as string;
  const early = [...before].sort().at(-1);
  const late = [...after].sort()[0];
  if ((early !== undefined && early >= first) || (late !== undefined && late <= last))
    throw new Fault(
      'SUBMODULE_UNREADABLE',
      `${name}: the late commands leave no number between ${early} and ${late} for ours (${first} to ${last})`,
      {
        hint: 'The order of its late commands has changed; compare with the commit recorded for packer/packer-maas.',
      },
    );
}
