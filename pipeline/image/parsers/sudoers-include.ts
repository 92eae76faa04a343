import { type SudoersCursor, SudoersError } from './sudoers-cursor.ts';

export interface SudoersFiles {
  /** Paths have no leading slash. Null when there is no such file, or it could not be read. */
  text(path: string): string | null;
  /** Names of the regular files in a folder. */
  list(folder: string): readonly string[];
}

/** A line that includes a file, or the files of a folder. */
export interface SudoersInclude {
  /** As it stands there: `%h` is the short name of the host. */
  path: string;
  folder: boolean;
  /** False when more than a comment stands behind the path: sudo (1.9.13) reports the line, and includes the file all the same. */
  clean: boolean;
}

const INCLUDE = /(?:@include(?:dir)?(?![^#>!=:,() \t\r\n\\"])|#include(?:dir)?(?=[ \t]))/y;
const INCLUDED = /[^ \t\r\n\v\f"](?:\\[ \t]|[^ \t\r\n\v\f])*/y;

/** The word here that includes; with `#` it is a comment behind a blank. */
export function nextInclude(cursor: SudoersCursor): string | null {
  const word = cursor.ahead(INCLUDE);
  return word?.startsWith('#') && !cursor.atLineStart ? null : word;
}

/**
 * Takes a line that includes, behind its blanks; null when the next one is another.
 * @throws {SudoersError} when it has no path.
 */
export function takeInclude(cursor: SudoersCursor): SudoersInclude | null {
  const word = nextInclude(cursor);
  if (word === null) return null;
  cursor.match(INCLUDE);
  cursor.blanks();
  const path = cursor.peek() === '"' ? cursor.quoted() : cursor.match(INCLUDED);
  if (!path) throw new SudoersError();
  const clean = cursor.peek() === '\n';
  cursor.skipLine();
  return { path, folder: word.endsWith('dir'), clean };
}

/** Its path without a leading slash: a relative one is beside the file that has it. */
export function includedPath(from: string, path: string): string {
  const said = path.replace(/\\([ \t\\])/g, '$1');
  return said.startsWith('/') ? said.slice(1) : `${from.slice(0, from.lastIndexOf('/') + 1)}${said}`;
}

/** The names that sudo reads of a folder, in its order. */
export function includedNames(names: readonly string[]): string[] {
  return names.filter((name) => !name.includes('.') && !name.endsWith('~')).sort();
}

/** Whether the path has `%h`, and there may be what it stands for on some host: which one an image will be is not known. */
export function forSomeHost(path: string, folder: boolean, files: SudoersFiles): boolean {
  if (!path.includes('%h')) return false;
  const slash = path.lastIndexOf('/') + 1;
  const parts = path.slice(slash).split('%h');
  if (folder || path.slice(0, slash).includes('%h') || parts.length > 2) return true;
  const [before = '', after = ''] = parts;
  return files
    .list(path.slice(0, slash).replace(/\/$/, ''))
    .some((n) => n.length > before.length + after.length && n.startsWith(before) && n.endsWith(after));
}
