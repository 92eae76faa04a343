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
  if (!value) throw new InvalidArgumentError('A time such as 45s, 30m or 2h is wanted.');
  return value;
}

/** Which MAAS. */
export function withTarget(command: Command): Command {
  return command
    .option('--to <target>', 'MAAS target of the configuration (default: the only one)')
    .option('--url <url>', 'a MAAS in place of a target of the configuration')
    .option('--maas-profile <name>', 'take URL and key of this profile of the maas command')
    .option('--api-key-file <file>', 'where the API key is, "-" for stdin');
}

/** Which machines. */
export function withSelection(command: Command): Command {
  return withTarget(command)
    .argument('[machine...]', 'host names, FQDNs or system ids; * and ? stand for anything')
    .option('--tag <tag>', 'that have this tag; repeated: all of them', collect)
    .option('--pool <pool>', 'of this resource pool; may be repeated', collect)
    .option('--zone <zone>', 'of this zone; may be repeated', collect)
    .option('--status <status>', 'in this status, such as ready; may be repeated', collect);
}

/** Many of them, after a question. */
export function forMany(command: Command): Command {
  return withSelection(command)
    .option('--all', 'every machine of this MAAS')
    .option('-y, --yes', 'do not ask')
    .option('-n, --dry-run', 'show what would be touched, and change nothing');
}

/** Work on many of them that takes its time. */
export function withBatch(command: Command): Command {
  return forMany(command)
    .option('--no-wait', 'do not wait for the end; `machines wait` takes it up')
    .option(
      '--timeout <time>',
      'for the whole wait, such as 90m (default: by state, see machines.timeouts)',
      seconds,
    )
    .addOption(settingOption(MACHINES.concurrency))
    .option('--no-prompt', 'manual power: tell what to press, and do not ask whether it is done');
}
