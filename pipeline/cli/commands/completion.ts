import { Argument, type Command } from 'commander';
import type { Act } from '../command.ts';
import type { Names } from '../completion/answer.ts';
import { SHELLS, type Shell } from '../completion/script.ts';
import type { Session } from '../session.ts';

const USE = `
To enable completion in every new shell:
  bash   echo 'source <(dgxos-maas completion bash)' >> ~/.bashrc
  zsh    echo 'source <(dgxos-maas completion zsh)' >> ~/.zshrc
         (after the line with compinit)
  fish   dgxos-maas completion fish \\
           > ~/.config/fish/completions/dgxos-maas.fish`;

/** `completion SHELL`, and `complete -- WORDS`, which the shells call: one candidate a line, and `:0` (files, too) or `:4`. */
export function declare(program: Command, act: Act): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .description('print a script that completes commands, options and names in a shell')
    .addHelpText('after', USE)
    .action(
      act(async (session, shell: Shell) => {
        const { completionScript } = await import('../completion/script.ts');
        const script = (await completionScript(shell)).trimEnd();
        session.data({ ok: true, shell, script }, script, 'document');
      }),
    );
  program
    .command('complete', { hidden: true })
    .argument('[word...]')
    .helpOption(false)
    .action(
      act(async (session, words: string[]) => {
        const { answer } = await import('../completion/answer.ts');
        const { values, files } = await answer(program, words, namesOf(session));
        const lines = values.map(([value, about]) => (about ? `${value}\t${about}` : value));
        session.data({ ok: true, values, files }, [...lines, files ? ':0' : ':4'].join('\n'), 'document');
      }),
    );
}

function namesOf({ env, configFile }: Session): Names {
  const written = async (file: string | undefined) => {
    const { rawNames } = await import('../../config/raw-names.ts');
    return rawNames({ file: file ?? configFile, env, cwd: process.cwd() });
  };
  return {
    images: async (file) => (await written(file)).images,
    targets: async (file) => (await written(file)).targets,
    releases: async () => (await import('../../config/releases/load.ts')).releaseIds(),
    profiles: async () => Object.keys((await import('../../image/checks/profiles.ts')).PROFILES),
  };
}
