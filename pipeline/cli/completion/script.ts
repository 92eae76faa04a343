import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../host/process/package-root.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const NAME = 'dgxos-maas';

/**
 * The script that a shell loads so that it calls `dgxos-maas complete` at each press of Tab.
 *
 * bash has a script of our own: that of @bomb.sh/tab 0.0.22 evaluates what is typed (a `$(…)` runs at Tab), wants the package
 * bash-completion, offers no files, and cannot be loaded twice (its constants are readonly).
 */
export async function completionScript(shell: Shell): Promise<string> {
  if (shell === 'bash') return readFile(join(packageRoot(), 'templates/completion/dgxos-maas.bash'), 'utf8');
  const { script } = await import('@bomb.sh/tab');
  return printed(() => script(shell, NAME, NAME));
}

/** The library prints its scripts. */
function printed(print: () => void): string {
  const { log } = console;
  let text = '';
  console.log = (line: string) => {
    text += `${line}\n`;
  };
  try {
    print();
  } finally {
    console.log = log;
  }
  return text;
}
