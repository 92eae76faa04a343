import type { Command } from 'commander';
import type { Act } from '../command.ts';

/** `checks`: the table that `validate` judges by. */
export function declare(program: Command, act: Act): void {
  program
    .command('checks')
    .description('list the checks, the failure that each prevents, and how to fix it')
    .option('--markdown', 'print a Markdown page')
    .action(
      act(async (session, options: { markdown?: boolean }) => {
        const [{ CHECKS }, { checkList, checksPage }, { PROFILES }] = await Promise.all([
          import('../../image/checks/table.ts'),
          import('../../image/checks/output/list.ts'),
          import('../../image/checks/profiles.ts'),
        ]);
        const checks = CHECKS.map(({ number, id, title, severity, why, fix }) => ({
          number,
          id,
          title,
          severity,
          why,
          fix,
        }));
        session.data(
          { ok: true, checks, profiles: Object.values(PROFILES) },
          () => (options.markdown ? checksPage(CHECKS).trimEnd() : checkList(CHECKS, session.paint)),
          options.markdown ? 'document' : undefined,
        );
      }),
    );
}
