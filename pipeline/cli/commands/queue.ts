import { InvalidArgumentError } from 'commander';
import type { Declare } from '../command.ts';
import { QUEUE_SETTINGS } from '../queue/options.ts';
import type { StatusOptions } from '../queue/upkeep.ts';
import { withSettings } from '../setting-options.ts';

function limit(text: string): number {
  const value = Number(text);
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Accepted: a whole number from 0 to 999999.');
  return value;
}

/** `queue`: the builds that were given to workers. */
export const declare: Declare = (program, act) => {
  const queue = program
    .command('queue')
    .description('list, take back and retry the builds that workers have');
  withSettings(queue.command('status'), QUEUE_SETTINGS)
    .description('list the queues, the workers and the builds that are not finished')
    .option('--limit <count>', 'number of builds that are listed', limit, 200)
    .action(
      act(async (session, options: StatusOptions) => {
        const { queueStatus } = await import('../queue/upkeep.ts');
        await queueStatus(session, options);
      }),
    );
  withSettings(queue.command('drain'), QUEUE_SETTINGS)
    .argument('[image...]', 'names or globs of images (default: all)')
    .description('take waiting builds out of the queue; those that have begun continue')
    .action(
      act(async (session, images: string[], options: object) => {
        const { drainQueue } = await import('../queue/upkeep.ts');
        await drainQueue(session, images, options);
      }),
    );
  withSettings(queue.command('retry'), QUEUE_SETTINGS)
    .argument('[image...]', 'names or globs of images (default: all)')
    .description('put failed builds back into the queue')
    .action(
      act(async (session, images: string[], options: object) => {
        const { retryQueue } = await import('../queue/upkeep.ts');
        await retryQueue(session, images, options);
      }),
    );
};
