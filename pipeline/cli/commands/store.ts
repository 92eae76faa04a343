import { InvalidArgumentError } from 'commander';
import { parseAge, parseSize } from '../../config/units.ts';
import type { Declare } from '../command.ts';

function age(text: string): number {
  const seconds = parseAge(text);
  if (typeof seconds !== 'number')
    throw new InvalidArgumentError('Accepted: a time in m, h or d, such as 30d.');
  return seconds;
}

function size(text: string): number {
  const bytes = parseSize(text.replace(/B$/, ''));
  if (bytes === null) throw new InvalidArgumentError('Accepted: a size in K, M, G or T, such as 200G.');
  return bytes;
}

export interface GcOptions {
  olderThan?: number;
  keepBytes?: number;
  dryRun?: boolean;
}

/** `store`: the results that builders share. */
export const declare: Declare = (program, act) => {
  const store = program
    .command('store')
    .description('list, verify and clean up the results that builders share');
  store
    .command('list')
    .description('list the results in the store, the newest first')
    .action(
      act(async (session) => {
        const { listStore } = await import('../shared-store.ts');
        await listStore(session);
      }),
    );
  store
    .command('verify')
    .description('read every file of the store again and report bad ones; exit code 6 with any')
    .option('--remove', 'delete bad files, and results that name one')
    .action(
      act(async (session, { remove }: { remove?: boolean }) => {
        const { checkStore } = await import('../shared-store.ts');
        await checkStore(session, remove === true);
      }),
    );
  store
    .command('gc')
    .description('delete old results, and files that no result has any longer')
    .option('--older-than <age>', 'results that were put longer ago, such as 30d', age)
    .option(
      '--keep-bytes <size>',
      'the oldest results, until the others take at most this, such as 200G',
      size,
    )
    .option('-n, --dry-run', 'print what would be deleted; change nothing')
    .action(
      act(async (session, options: GcOptions) => {
        const { collectStore } = await import('../shared-store.ts');
        await collectStore(session, options);
      }),
    );
};
