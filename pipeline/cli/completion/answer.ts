import { homedir } from 'node:os';
import { Argument, type Command, type Option } from 'commander';
import { type Cursor, cursorOf } from './cursor.ts';

/** The sources of the names: the configuration in force, and the tables. */
export interface Names {
  /** @param config the file of --config, if one is typed */
  images(config: string | undefined): Promise<readonly string[]>;
  targets(config: string | undefined): Promise<readonly string[]>;
  releases(): Promise<readonly string[]>;
  profiles(): Promise<readonly string[]>;
}

export interface Answer {
  /** Candidates that begin with the typed text, each with a line of help. */
  values: readonly (readonly [value: string, about: string])[];
  /** Whether the shell may offer files where none of the values fits. */
  files: boolean;
}

/** The values behind the placeholders of the help. For a placeholder that is not here nothing is offered. */
export const PLACEHOLDERS: Readonly<Record<string, { names?: keyof Names; files?: boolean }>> = {
  image: { names: 'images' },
  'image-or-file': { names: 'images', files: true },
  a: { names: 'images', files: true },
  b: { names: 'images', files: true },
  target: { names: 'targets' },
  profile: { names: 'profiles' },
  release: { names: 'releases' },
  file: { files: true },
  dir: { files: true },
  disk: { files: true },
  summary: { files: true },
  'path-or-url': { files: true },
};

/**
 * The candidates at the cursor of a command line.
 * @param words behind the program's name; the last is the one at the cursor, empty where none is begun
 */
export async function answer(program: Command, words: readonly string[], names: Names): Promise<Answer> {
  const place = cursorOf(program, words);
  const { values, files } = await candidates(program, place, names);
  return { values: values.filter(([value]) => value.startsWith(place.typed)), files };
}

async function candidates(program: Command, place: Cursor, names: Names): Promise<Answer> {
  if (place.kind === 'nothing') return { values: [], files: false };
  if (place.kind === 'flag') return { values: flags(place), files: false };
  const { command, operands, value } = place;
  // `help machines deploy`: its operands are commands.
  if (command.parent === program && command.name() === 'help')
    return { values: subcommands(below(program, operands)), files: false };
  const commands = operands.length === 0 && !isOption(value) ? subcommands(command) : [];
  if (value?.argChoices) return { values: [...commands, ...plain(value.argChoices)], files: false };
  const meant = value && PLACEHOLDERS[placeholder(value)];
  const config = place.config === undefined ? undefined : asTheShellReads(place.config);
  const found = meant?.names ? await names[meant.names](config) : [];
  return { values: [...commands, ...plain(found)], files: meant?.files === true };
}

const isOption = (value: Option | Argument | undefined) =>
  value !== undefined && !(value instanceof Argument);

const plain = (values: readonly string[]) => values.map((value) => [value, ''] as const);

/** `target` of `--to <target...>` and of an argument `[target]`. */
function placeholder(value: Option | Argument): string {
  return value instanceof Argument ? value.name() : (/[<[]([^\]>.]+)/.exec(value.flags)?.[1] ?? '');
}

function subcommands(command: Command | undefined): Answer['values'] {
  if (!command) return [];
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => [one.name(), one.description()]);
}

function below(program: Command, names: readonly string[]): Command | undefined {
  return names.reduce<Command | undefined>(
    (command, name) => command?.commands.find((one) => one.name() === name),
    program,
  );
}

/** The options of the command and of the program, by their long names where one has both. */
function flags({ command, typed }: Cursor): Answer['values'] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].flatMap((option) => {
    const names = typed === '-' ? [option.long ?? option.short] : [option.long, option.short];
    return names.filter((name) => name !== undefined).map((name) => [name, option.description] as const);
  });
}

/** A file's name as typed: the shells hand over `~/x` and `'x y'` as they stand. */
function asTheShellReads(word: string): string {
  return word.replace(/^~(?=\/)/, homedir()).replace(/\\(.)|["']/g, '$1');
}
