import { SudoersCursor, SudoersError } from './sudoers-cursor.ts';
import { refuseContinued, type Sudoers, type SudoersPlace, takeEntry } from './sudoers-entry.ts';
import {
  forSomeHost,
  includedNames,
  includedPath,
  type SudoersFiles,
  type SudoersInclude,
  takeInclude,
} from './sudoers-include.ts';

const MOST_READS = 1000;
const MOST_TEXT = 512 << 10;
const MOST_ENTRIES = 20_000;
const MOST_ERRORS = 20;
/** sudo looks at its bound of 128 only when its stack grows, which it does by 16 (tried with 1.9.13; 1.8.31 to 1.9.15 have the same lines). */
const MOST_DEPTH = 144;

/**
 * The configuration as sudo reads it, by the grammar of sudo 1.9.13: included files in their place, tags and runas lists carried on
 * through a command list. A line with an error is passed over, as sudo 1.9.3 and later do; 1.8 of Ubuntu 20.04 refuses to run then.
 */
export function readSudoers(files: SudoersFiles, main = 'etc/sudoers'): Sudoers {
  const found: Sudoers = {
    rules: [],
    defaults: [],
    aliases: { user: new Map(), runas: new Map(), host: new Map(), command: new Map() },
    errors: [],
    whole: true,
  };
  let reads = 0;
  let read = 0;
  const fault = (at: SudoersPlace) => {
    if (found.errors.length < MOST_ERRORS) found.errors.push(at);
  };
  /** False when there is no such file. */
  const readFile = (file: string, depth: number): boolean => {
    const text = files.text(file);
    if (text === null) return false;
    reads += 1;
    read += text.length;
    if (reads > MOST_READS || read > MOST_TEXT) {
      found.whole = false;
      return true;
    }
    const cursor = new SudoersCursor(text);
    while (!cursor.done) {
      if (found.rules.length + found.defaults.length > MOST_ENTRIES) {
        found.whole = false;
        return true;
      }
      const at = { file, line: cursor.line };
      try {
        cursor.blanks();
        if (cursor.line > at.line) refuseContinued(cursor);
        const included = takeInclude(cursor);
        if (included === null) takeEntry(cursor, found, at);
        else if (!include(file, included, depth + 1) || !included.clean) fault(at);
      } catch (error) {
        if (!(error instanceof SudoersError)) throw error;
        fault(at);
        cursor.skipLine();
      }
    }
    if (cursor.lost) found.whole = false;
    return true;
  };
  /** False when sudo reports that it could not. */
  const include = (from: string, { path, folder }: SudoersInclude, depth: number): boolean => {
    if (depth > MOST_DEPTH) return false;
    const whole = includedPath(from, path);
    if (forSomeHost(whole, folder, files)) {
      found.whole = false;
      return true;
    }
    if (!folder) return readFile(whole, depth);
    const inside = whole.replace(/\/$/, '');
    for (const name of includedNames(files.list(whole))) readFile(`${inside}/${name}`, depth);
    return true;
  };
  readFile(main, 0);
  return found;
}
