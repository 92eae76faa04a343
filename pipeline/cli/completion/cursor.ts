import type { Argument, Command, Option } from 'commander';

/** The word at the cursor: an option's name, or a value, whose kind is the help's placeholder. */
export interface Cursor {
  kind: 'flag' | 'value' | 'nothing';
  /** The command that the words before the cursor name. */
  command: Command;
  /** The part that is typed, without the option of `--option=value`. */
  typed: string;
  value?: Option | Argument | undefined;
  /** Operands of that command before the cursor. */
  operands: readonly string[];
  /** The file of --config, as typed. */
  config?: string | undefined;
}

const isFlag = (word: string) => word.startsWith('-') && word !== '-';

/** A command and those above it: commander takes the options of each. */
function* lineage(command: Command): Generator<Command> {
  for (let one: Command | null = command; one; one = one.parent) yield one;
}

function optionNamed(command: Command, flag: string): Option | undefined {
  for (const one of lineage(command)) {
    const found = one.options.find((option) => option.long === flag || option.short === flag);
    if (found) return found;
  }
  return undefined;
}

const takesValue = (option: Option | undefined) => option && (option.required || option.optional);

/** Reads a command line as commander does, up to the cursor. @param words without the program's name; the last is at the cursor */
export function cursorOf(program: Command, words: readonly string[]): Cursor {
  let command = program;
  let operands: string[] = [];
  let open: Option | undefined;
  let onlyOperands = false;
  let config: string | undefined;
  for (const word of words.slice(0, -1)) {
    const value = open && !((open.variadic || open.optional) && isFlag(word)) ? open : undefined;
    if (value?.attributeName() === 'config') config = word;
    open = value?.variadic ? value : undefined;
    if (value) continue;
    if (!onlyOperands && word === '--') onlyOperands = true;
    else if (!onlyOperands && isFlag(word)) {
      const [flag, given] = halves(word);
      const option = optionNamed(command, flag);
      if (given !== undefined && option?.attributeName() === 'config') config = given;
      open = given === undefined && takesValue(option) ? option : undefined;
    } else {
      const next =
        operands.length === 0 && !onlyOperands
          ? command.commands.find((one) => one.name() === word)
          : undefined;
      if (next) command = next;
      else operands = [...operands, word];
    }
  }

  const word = words.at(-1) ?? '';
  const place = { command, operands, config, typed: word };
  if (open && !((open.variadic || open.optional) && isFlag(word)))
    return { ...place, kind: 'value', value: open };
  if (!onlyOperands && word.startsWith('-')) {
    const [flag, given] = halves(word);
    if (given === undefined) return { ...place, kind: 'flag' };
    const option = optionNamed(command, flag);
    return takesValue(option)
      ? { ...place, kind: 'value', value: option, typed: given }
      : { ...place, kind: 'nothing' };
  }
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const value = registeredArguments[operands.length] ?? (last?.variadic ? last : undefined);
  return { ...place, kind: 'value', value };
}

/** `--option=value` in its two halves. */
function halves(word: string): [flag: string, value: string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}
