import type { Command } from 'commander';
import type { Act, Declare } from './command.ts';
import { declare as run } from './commands/run.ts';

/** Every command, in the order of the help: the way from ISO to MAAS, then what looks and what helps. */
const COMMANDS: readonly Declare[] = [run];

export function declareAll(program: Command, act: Act): void {
  for (const declare of COMMANDS) declare(program, act);
}
