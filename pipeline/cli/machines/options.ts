import { type Command, InvalidArgumentError } from 'commander';
import { MACHINES } from '../../config/settings/machines.ts';
import { parseDuration } from '../../config/units.ts';
import { settingOption } from '../setting-options.ts';

export const collect = (text: string, earlier: string[] = []): string[] => [
  ...earlier,
  ...text.split(',').filter(Boolean),
];

export function seconds(text: string): number {
  const value = parseDuration(text);
  if (!value) throw new InvalidArgumentError('The value must be a time such as 45s, 30m or 2h.');
  return value;
}

/** The choice of MAAS. */
export function withTarget(command: Command): Command {
  return command
    .option('--to <target>', 'MAAS target of the configuration (default: the only one)')
    .option('--url <url>', 'URL of a MAAS, instead of a target of the configuration')
    .option('--maas-profile <name>', 'use URL and key of this profile of the maas command')
    .option('--api-key-file <file>', 'file with the API key, "-" for stdin');
}

/** The choice of machines. */
export function withSelection(command: Command): Command {
  return withTarget(command)
    .argument('[machine...]', 'host names, FQDNs or system ids; * and ? are wildcards')
    .option('--tag <tag>', 'only machines with this tag; repeated: with all of them', collect)
    .option('--pool <pool>', 'only machines in this resource pool; may be repeated', collect)
    .option('--zone <zone>', 'only machines in this zone; may be repeated', collect)
    .option('--status <status>', 'only machines with this status, such as ready; may be repeated', collect);
}

/** Many of them, after a question. */
export function forMany(command: Command): Command {
  return withSelection(command)
    .option('--all', 'all machines of this MAAS')
    .option('-y, --yes', 'do not ask')
    .option('-n, --dry-run', 'print what would be changed; change nothing');
}

/** Work on many of them that takes its time. */
export function withBatch(command: Command): Command {
  return forMany(command)
    .option('--no-wait', 'do not wait for the end; `machines wait` does')
    .option(
      '--timeout <time>',
      'limit for the whole wait, such as 90m (default: by state, see machines.timeouts)',
      seconds,
    )
    .addOption(settingOption(MACHINES.concurrency))
    .option('--no-prompt', 'manual power: print which buttons to press, and do not ask');
}
