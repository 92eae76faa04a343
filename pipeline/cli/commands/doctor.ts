import type { Declare } from '../command.ts';

export const declare: Declare = (program, act) => {
  program
    .command('doctor')
    .description(
      'list what is missing on this host and the command that installs it; exit code 4 if something required is missing',
    )
    .option('--fix-command', 'print only the command that installs what is missing')
    .action(
      act(async (session, options: { fixCommand?: boolean }) => {
        const { EXIT } = await import('../../core/faults/catalogue.ts');
        const { examine } = await import('../../doctor/examine.ts');
        const { diagnosisText } = await import('../../doctor/text.ts');
        const { signal, env, configFile: file } = session;
        const diagnosis = await examine({ file, env, cwd: process.cwd(), signal });
        if (options.fixCommand) {
          const { ok, installCommand } = diagnosis;
          session.data({ ok, installCommand }, installCommand ?? '');
          return;
        }
        session.data(diagnosis, () => diagnosisText(diagnosis, session.paint));
        if (!diagnosis.ok) session.exitCode = EXIT.host;
      }),
    );
};
