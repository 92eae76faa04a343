import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseAge } from '../../config/units.ts';
import type { Act } from '../command.ts';
import { WORKER_SETTINGS } from '../queue/options.ts';
import { withSettings } from '../setting-options.ts';

const ENDS = `
SIGTERM or Ctrl-C: takes no more units, finishes those that run within --grace,
and hands back the rest; a second signal ends it at once. Exit code: 0; 75 if
the configuration file was changed meanwhile and it must be started again.`;

function seconds(text: string): number {
  const value = text === '0' ? 0 : /^\d{1,6}s$/.test(text) ? Number(text.slice(0, -1)) : parseAge(text);
  if (typeof value !== 'number')
    throw new InvalidArgumentError('Accepted: a time in s, m or h, such as 10m.');
  return value;
}

function jobs(text: string): number {
  const value = Number(text);
  if (!/^\d{1,2}$/.test(text) || value < 1 || value > 64)
    throw new InvalidArgumentError('Accepted: a whole number from 1 to 64.');
  return value;
}

function address(text: string): { host: string; port: number } {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw new InvalidArgumentError('Accepted: an address and a port, such as 127.0.0.1:9464.');
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** `worker`: builds what `nightly --queue` submits. */
export function declare(program: Command, act: Act): void {
  const command = program.command('worker');
  withSettings(command, WORKER_SETTINGS)
    .description('build the images that `nightly --queue` submits, on this host, until it is ended')
    .option('-j, --jobs <count>', 'number of images built at the same time', jobs, 1)
    .addOption(
      new Option('--grace <time>', 'time for a build to finish after a signal, such as 30m')
        .argParser(seconds)
        .default(60, '1m'),
    )
    .option(
      '--metrics <address>',
      'serve metrics for Prometheus at this host:port, such as 127.0.0.1:9464',
      address,
    )
    .addHelpText('after', ENDS)
    .action(
      act(async (session, flags) => {
        const { serveWorker } = await import('../queue/serve.ts');
        await serveWorker(session, flags);
      }),
    );
}
