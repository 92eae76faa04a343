import { Fault } from '../../core/faults/fault.ts';
import { type LayerRule, namespaceConfig } from '../namespace/curtin.ts';
import type { ServedFile } from './files.ts';
import { installerYaml } from './installer-yaml.ts';
import { type Command, sorted, targetSteps } from './target-steps.ts';
import { CREDENTIAL_TOKEN, type InstallWay, type RenderImage, type RenderRelease } from './types.ts';

/** The files that the installer fetches. */
export const CURTIN_CONFIG = 'curtin.yaml';
const IN_TARGET = ['curtin', 'in-target', '--'];

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
  /** See NamespaceConfig. */
  replaced: string[];
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
  const ours = await targetSteps({
    ...{ image: request.image, files: request.files, configParameter: request.release.configParameter },
    ...{ configFile: CURTIN_CONFIG, inTarget: IN_TARGET },
  });
  if (!replaced && request.way === 'vm') ours['89_build_password'] = PASSWORD_COMMAND;
  assertFits(installs, Object.keys(ours), doors, name);
  const config = { ...base, ...(base.early_commands ? { early_commands: early } : {}) };
  const written = (value: object) => installerYaml(`Rendered by dgxos-maas from ${name}.`, value);
  if (request.way === 'vm') {
    const commands = sorted({ ...late, ...ours, '99_build_hold': HOLD });
    return {
      curtin: written({ ...config, late_commands: commands }),
      fromLayer: null,
      layer: null,
      replaced: [],
    };
  }
  const made = await namespaceConfig(config, sorted(pick(late, installs)), sorted(ours), name);
  return {
    curtin: written(made.whole),
    fromLayer: made.fromLayer && written(made.fromLayer),
    layer: made.layer,
    replaced: made.replaced,
  };
}

function pick<T>(section: Record<string, T>, keys: string[]): Record<string, T> {
  return Object.fromEntries(keys.map((key) => [key, section[key] as T]));
}

/** The build puts the hash of the run's random password in the token's place when it serves the file. */
const PASSWORD_COMMAND: Command = ['sh', '-c', `echo 'root:${CREDENTIAL_TOKEN}' | chpasswd -e`];

/**
 * Steps after the late commands are up to the installer, a reboot for example. The hand-over of a large root takes
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
