import type { Command } from 'commander';
import type { Act, Declare } from './command.ts';

/** Commands of one module by their names, and what loads it. */
type Row = readonly [names: string, load: () => Promise<{ declare: Declare }>];

async function upload(): Promise<{ declare: Declare }> {
  const { declareUpload } = await import('./commands/upload.ts');
  return { declare: declareUpload(async () => (await import('./upload-image.ts')).uploadImage) };
}

/** Every command by what it is for, in the order of the help. */
const GROUPS: readonly [heading: string, commands: readonly Row[]][] = [
  [
    'Build:',
    [
      ['init', () => import('./commands/init.ts')],
      ['run build render', () => import('./commands/run.ts')],
      ['pack', () => import('./commands/pack.ts')],
      ['nightly', () => import('./commands/nightly.ts')],
      ['worker', () => import('./commands/worker.ts')],
    ],
  ],
  [
    'Check:',
    [
      ['validate', () => import('./commands/validate.ts')],
      ['checks', () => import('./commands/checks.ts')],
      ['rehearse', () => import('./commands/rehearse.ts')],
      ['accept', () => import('./commands/accept.ts')],
      ['diff', () => import('./commands/diff.ts')],
      ['report', () => import('./commands/report.ts')],
      ['verify', () => import('./commands/verify.ts')],
    ],
  ],
  [
    'MAAS:',
    [
      ['upload', upload],
      ['images', () => import('./commands/images.ts')],
      ['promote', () => import('./commands/promote.ts')],
      ['rollback', () => import('./commands/rollback.ts')],
      ['prune', () => import('./commands/prune.ts')],
      ['site', () => import('./commands/site.ts')],
      ['login', () => import('./commands/login.ts')],
    ],
  ],
  [
    'Machines:',
    [
      ['machines', () => import('./commands/machines.ts')],
      ['inventory', () => import('./commands/inventory.ts')],
    ],
  ],
  [
    'Upkeep:',
    [
      ['doctor', () => import('./commands/doctor.ts')],
      ['config', () => import('./commands/config.ts')],
      ['store', () => import('./commands/store.ts')],
      ['queue', () => import('./commands/queue.ts')],
      ['keygen', () => import('./commands/keygen.ts')],
      ['sandbox', () => import('./commands/sandbox.ts')],
      ['completion', () => import('./commands/completion.ts')],
      ['help', () => import('./commands/help.ts')],
    ],
  ],
];

/** Commands that are about all the others. */
const ABOUT_ALL = ['help'];

/**
 * Adds the commands to the program.
 * @param named the only one that is needed; with another word, or none, all are
 */
export async function declareCommands(program: Command, act: Act, named?: string): Promise<void> {
  const is = ([names]: Row) => named !== undefined && names.split(' ').includes(named);
  const alone = named !== undefined && !ABOUT_ALL.includes(named) && GROUPS.some(([, rows]) => rows.some(is));
  for (const [heading, rows] of GROUPS) {
    program.commandsGroup(heading);
    for (const row of rows) if (!alone || is(row)) (await row[1]()).declare(program, act);
  }
}
