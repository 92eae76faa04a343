import type { Command } from 'commander';
import type { Act, Declare } from './command.ts';
import { declare as accept } from './commands/accept.ts';
import { declare as checks } from './commands/checks.ts';
import { declare as completion } from './commands/completion.ts';
import { declare as config } from './commands/config.ts';
import { declare as diff } from './commands/diff.ts';
import { declare as doctor } from './commands/doctor.ts';
import { declare as help } from './commands/help.ts';
import { declare as images } from './commands/images.ts';
import { declare as init } from './commands/init.ts';
import { declare as inventory } from './commands/inventory.ts';
import { declare as keygen } from './commands/keygen.ts';
import { declare as login } from './commands/login.ts';
import { declare as machines } from './commands/machines.ts';
import { declare as nightly } from './commands/nightly.ts';
import { declare as pack } from './commands/pack.ts';
import { declare as promote } from './commands/promote.ts';
import { declare as prune } from './commands/prune.ts';
import { declare as queue } from './commands/queue.ts';
import { declare as rehearse } from './commands/rehearse.ts';
import { declare as report } from './commands/report.ts';
import { declare as rollback } from './commands/rollback.ts';
import { declare as run } from './commands/run.ts';
import { declare as sandbox } from './commands/sandbox.ts';
import { declare as site } from './commands/site.ts';
import { declare as store } from './commands/store.ts';
import { declareUpload } from './commands/upload.ts';
import { declare as validate } from './commands/validate.ts';
import { declare as verify } from './commands/verify.ts';
import { declare as worker } from './commands/worker.ts';

/** Every command by what it is for, in the order of the help. */
const GROUPS: readonly [heading: string, commands: readonly Declare[]][] = [
  ['Build:', [init, run, pack, nightly, worker]],
  ['Check:', [validate, checks, rehearse, accept, diff, report, verify]],
  [
    'MAAS:',
    [
      declareUpload(async () => (await import('./upload-image.ts')).uploadImage),
      images,
      promote,
      rollback,
      prune,
      site,
      login,
    ],
  ],
  ['Machines:', [machines, inventory]],
  ['Upkeep:', [doctor, config, store, queue, keygen, sandbox, completion, help]],
];

export function declareAll(program: Command, act: Act): void {
  for (const [heading, commands] of GROUPS) {
    program.commandsGroup(heading);
    for (const declare of commands) declare(program, act);
  }
}
