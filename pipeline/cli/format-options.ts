import type { Command } from 'commander';
import { formatOptions, type Reporting } from '../report/formats/table.ts';

/** Gives a command its options for formats of reports: no command has a list of its own. */
export function withFormats(command: Command, name: Reporting): Command {
  for (const { flags, help } of formatOptions(name)) command.option(flags, help);
  return command;
}
