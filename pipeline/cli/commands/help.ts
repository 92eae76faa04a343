import type { Command } from 'commander';
import { EXIT } from '../../core/faults/catalogue.ts';
import type { Declare } from '../command.ts';

/** `help machines deploy`: commander's own goes one level deep. */
export const declare: Declare = (program) => {
  program
    .helpCommand(false)
    .command('help')
    .argument('[command...]', 'for example: machines deploy')
    .description('show the help of a command')
    .action((names: string[]) => {
      let command: Command = program;
      for (const name of names) {
        const next = command.commands.find((one) => one.name() === name);
        if (!next)
          command.error(`error: unknown command '${name}'`, {
            code: 'commander.unknownCommand',
            exitCode: EXIT.usage,
          });
        command = next as Command;
      }
      command.help();
    });
};
