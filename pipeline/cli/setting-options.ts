import { type Command, InvalidArgumentError, Option } from 'commander';
import { flagHelp } from '../config/describe.ts';
import { flagName, type Overrides } from '../config/given.ts';
import type { AnySetting, Kind } from '../config/setting.ts';
import { ACCEPTANCE } from '../config/settings/acceptance.ts';
import { IMAGE } from '../config/settings/image.ts';
import { NIGHTLY } from '../config/settings/nightly.ts';
import { QUEUE } from '../config/settings/queue.ts';
import { RETENTION } from '../config/settings/retention.ts';
import { SETTINGS } from '../config/settings/table.ts';

/** The settings that have a flag in `run`, `build` and `render`. */
export const RUN_SETTINGS = [
  SETTINGS.workspace,
  SETTINGS.cache_layers,
  IMAGE.iso.fields.source,
  IMAGE.archive.fields.lock,
  IMAGE.install,
  IMAGE.vm.fields.accelerator,
  IMAGE.vm.fields.boot,
];

/** In `accept`. --machine and --tag do not override one setting each: with one of them, the other in the file is not used. */
export const ACCEPT_SETTINGS = [ACCEPTANCE.checks, ACCEPTANCE.ssh.fields.port];

export const NIGHTLY_SETTINGS = [SETTINGS.workspace, NIGHTLY.jobs, QUEUE.place, ...Object.values(RETENTION)];

/**
 * The option of a setting's flag, with its help and its default. What the schema itself decides is a mistake of usage;
 * what needs more is judged with the configuration.
 * @param kind where the command line may say more than the file
 */
export function settingOption(row: AnySetting, kind: Kind<unknown, unknown> = row.kind): Option {
  const { choices, schema, accepts } = kind;
  const option = new Option(row.flag as string, flagHelp(row));
  if (choices) return option.choices(choices);
  if (schema.type !== 'integer') return option;
  return option.argParser((text): unknown => {
    const value = kind.parse?.(text);
    if (value === undefined) throw new InvalidArgumentError(`Accepted: ${accepts}.`);
    return value;
  });
}

export function withSettings(command: Command, rows: readonly AnySetting[]): Command {
  for (const row of rows) command.addOption(settingOption(row));
  return command;
}

/** The values of the options of these settings. @param image the image that the command is about */
export function overridesOf(options: object, rows: readonly AnySetting[], image?: string): Overrides {
  const given = options as Record<string, string | number | undefined>;
  const values = rows.flatMap((row): [AnySetting, string | number][] => {
    const value = given[new Option(flagName(row)).attributeName()];
    return value === undefined ? [] : [[row, value]];
  });
  return { values: new Map(values), image };
}
