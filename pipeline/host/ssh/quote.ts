import { shellWord } from '../process/shell-word.ts';

/**
 * An argv as one line for a POSIX shell. ssh joins its arguments by blanks and hands them to the login shell of the other
 * side, so every word is quoted here or it is taken apart there.
 */
export function shellLine(argv: readonly string[]): string {
  return argv.map(shellWord).join(' ');
}
