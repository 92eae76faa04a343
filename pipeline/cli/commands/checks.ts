import type { Command } from 'commander';
import type { FormatFlags } from '../../report/formats/write.ts';
import type { Act } from '../command.ts';
import { withFormats } from '../format-options.ts';

/** `checks`: the table that `validate` judges by. */
export function declare(program: Command, act: Act): void {
  const command = program
    .command('checks')
    .description('list the checks, the failure that each prevents, and how to fix it')
    .action(
      act(async (session, flags: FormatFlags) => {
        const [{ CHECKS }, { checkList }, { CHECK_LIST }, { writeReports }, { PROFILES }] = await Promise.all(
          [
            import('../../image/checks/table.ts'),
            import('../../report/text/checks.ts'),
            import('../../report/formats/checks-page.ts'),
            import('../../report/formats/write.ts'),
            import('../../image/checks/profiles.ts'),
          ],
        );
        const checks = CHECKS.map(({ number, id, title, severity, why, fix }) => ({
          number,
          id,
          title,
          severity,
          why,
          fix,
        }));
        const document = await writeReports('checks', flags, CHECKS, CHECK_LIST, session.env);
        session.data(
          { ok: true, checks, profiles: Object.values(PROFILES) },
          () => document ?? checkList(CHECKS, session.paint),
          document === undefined ? undefined : 'document',
        );
      }),
    );
  withFormats(command, 'checks');
}
