import { createHash } from 'node:crypto';
import { Fault } from '../../core/faults/fault.ts';
import { shellQuoted } from '../../host/process/shell-word.ts';
import { readTemplate } from '../render/templates.ts';

/** A curtin command: argv, or a line for the shell. */
export type Command = string | string[];
type Commands = Record<string, Command>;

/** curtin's stages that need disks or network interfaces; what they would leave is removed from an image anyway. */
const MACHINE_STAGES = ['partitioning', 'network'];
/** The stages that a layer replaces or that come again after it. */
const LAYERED_STAGES = ['early', 'extract', 'late'];
const IN_TARGET = ['curtin', 'in-target', '--'];
/** The mount point of the target in the live system. */
const TARGET = '/target';
/** The late command that keeps the root for a layer: after the last of the medium's own, before the first of the user's. */
const KEEP = '49_build_layer';
/** The first of the steps that make an image of the target: those before it are the user's, and fail under their own names. */
const HYGIENE = '60';
/** The path of the layer that an installation goes on from. */
const LAYER = 'file:///run/build/layer.tar';

/** The installer's configuration where there is no VM. */
export interface NamespaceConfig {
  whole: Record<string, unknown>;
  /** The same installation from a layer on: curtin unpacks the layer instead of the medium's archive. Null: no layer is safe. */
  fromLayer: Record<string, unknown> | null;
  layer: LayerRule;
  /** Absolute paths of the live system's files that a layer takes the place of. */
  replaced: string[];
}

/** Whether the root after the medium's own steps may be kept: the digest of these steps, or why not. */
export type LayerRule = { medium: string } | { refusal: string };

/**
 * The differences where no machine is installed: the target is an existing folder, nobody logs in, and nothing happens after the last step.
 * @param base the medium's configuration
 * @param medium those of its late commands that install
 * @param ours the late commands of the user's and of the image's hygiene, which come after them
 * @throws Fault SUBMODULE_UNREADABLE for stages that are not a list
 */
export async function namespaceConfig(
  base: Record<string, unknown>,
  medium: Commands,
  ours: Commands,
  name: string,
): Promise<NamespaceConfig> {
  const { stages } = base;
  if (!Array.isArray(stages) || !stages.includes('extract'))
    throw new Fault('SUBMODULE_UNREADABLE', `${name}: stages must be a list with extract in it`);
  const config = {
    ...base,
    install: {
      ...(base.install as object),
      target: TARGET,
      // curtin would unmount the folder when it ends; the configurations of the field misspell the key.
      unmount: 'disabled',
      // Written when curtin ends: a VM has handed its root over by then, and here the folder is emptied. The log is kept beside the root.
      save_install_log: '/run/curtin-install.log',
    },
    stages: stages.filter((stage) => !MACHINE_STAGES.includes(stage as string)),
  };
  const refusal = whyNoLayer(config, medium);
  const last = joined(ours);
  if (refusal !== null)
    return {
      whole: { ...config, late_commands: { ...medium, ...ours } },
      fromLayer: null,
      layer: { refusal },
      replaced: [],
    };
  const keep = await keepCommand(config);
  // The files that curtin writes before the late commands are in the layer already.
  const { write_files: _, ...rest } = config as Record<string, unknown>;
  const steps = JSON.stringify([{ ...config, late_commands: medium }, keep]);
  return {
    whole: { ...config, late_commands: { ...medium, [KEEP]: keep, ...last } },
    fromLayer: { ...rest, sources: { layer: { uri: LAYER, type: 'tgz' } }, late_commands: last },
    layer: { medium: createHash('sha256').update(steps).digest('hex') },
    replaced: replacedArchives(base.sources),
  };
}

/** Runs the steps given as pairs of name and script, and notes in the log which one it is at. */
const STEPS = 'while [ $# -gt 0 ]; do echo "$1"; sh -c "$2" || exit; shift 2; done';

/**
 * Scripts for the target that come one after the other, as one command under the name of the first: going into the target and out of
 * it takes longer than what most of them do. The user's part stays as it is.
 */
function joined(commands: Commands): Commands {
  const result: Commands = {};
  let open: string[] | undefined;
  for (const [key, command] of Object.entries(commands)) {
    const script = key < HYGIENE ? null : scriptInTarget(command);
    if (script === null) {
      open = undefined;
      result[key] = command;
    } else if (open) open.push(key, script);
    else {
      open = [...IN_TARGET, 'sh', '-c', STEPS, 'sh', key, script];
      result[key] = open;
    }
  }
  return result;
}

/** The script that a command runs in the target, or null where it is another one. */
function scriptInTarget(command: Command): string | null {
  if (!Array.isArray(command)) return null;
  const [sh, c, script, , ...args] = command.slice(IN_TARGET.length);
  if (!runsInTarget(command) || sh !== 'sh' || c !== '-c' || script === undefined) return null;
  return args.length > 0 ? `set -- ${args.map(shellQuoted).join(' ')}\n${script}` : script;
}

/** The root is kept as a tar without the configuration that curtin saves in it: that holds the user's part, passwords too. */
async function keepCommand(config: { install: object }): Promise<Command> {
  const { save_install_config: saved = '/root/curtin-install-cfg.yaml' } = config.install as Record<
    string,
    unknown
  >;
  return ['sh', '-c', await readTemplate('curtin/keep-layer.sh'), 'sh', `.${saved}`];
}

/** A layer is a target and nothing else. It is safe where the medium's own steps change nothing else and depend on nothing but the medium. */
function whyNoLayer(config: Record<string, unknown>, medium: Commands): string | null {
  const stage = (config.stages as unknown[]).find((name) => !LAYERED_STAGES.includes(name as string));
  if (stage !== undefined) return `its configuration has the stage ${stage}`;
  const section = Object.keys(config).find(
    (key) => key.endsWith('_commands') && key !== 'early_commands' && key !== 'late_commands',
  );
  if (section !== undefined && LAYERED_STAGES.includes(section.replace('_commands', '')))
    return `its configuration has ${section}`;
  const source = Object.entries((config.sources ?? {}) as Record<string, unknown>).find(
    ([, one]) => !isArchiveOfMedium(one),
  );
  if (source) return `its source ${source[0]} is not an archive of the medium`;
  const outside = Object.keys(medium).find((key) => !runsInTarget(medium[key] as Command));
  if (outside !== undefined) return `its late command ${outside} may change more than the target`;
  const late = Object.keys(medium).find((key) => key >= KEEP);
  return late === undefined ? null : `its late command ${late} comes too late`;
}

const replacedArchives = (sources: unknown): string[] =>
  Object.values((sources ?? {}) as Record<string, { uri: string }>).map(({ uri }) =>
    uri.replace(/^file:\/\//, ''),
  );

function isArchiveOfMedium(source: unknown): boolean {
  const { uri, type } = (source ?? {}) as { uri?: unknown; type?: unknown };
  return /^(?:file:\/\/)?\/./.test(String(uri)) && ['tgz', 'tbz', 'txz'].includes(String(type));
}

/** `curtin in-target -- …` as an argv: text is a line for a shell outside. */
const runsInTarget = (command: Command): boolean =>
  Array.isArray(command) && command.slice(0, IN_TARGET.length).join(' ') === IN_TARGET.join(' ');
