/** A file with its text, in the order in which the shell reads them. */
export interface ShellFile {
  path: string;
  text: string;
}

/** One assignment of a shell file, with the value that the shell gives it. */
export interface Assignment {
  file: string;
  line: number;
  name: string;
  value: string;
}

const NAME = /^[ \t]{0,64}(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]{0,100})=/;
/** A value that is built from earlier ones does not grow further than this. */
const LONGEST = 64 << 10;

/**
 * The assignments of files that a shell sources one after the other, such as /etc/default/grub and its grub.d: quotes and the values
 * of earlier variables are followed; commands, functions and conditions are passed over (`NAME+=x` is a command to sh, not an assignment). Linear in the text.
 */
export function shellAssignments(files: readonly ShellFile[]): Assignment[] {
  const values = new Map<string, string>();
  const assignments: Assignment[] = [];
  for (const { path, text } of files) {
    const lines = text.split('\n');
    for (let i = 0; i < lines.length; i++) {
      const number = i + 1;
      const match = NAME.exec(lines[i]!.slice(0, 256));
      if (!match) continue;
      const parts = [lines[i]!.slice(match[0].length)];
      let word = shellWord(parts[0]!, values);
      // A quoted value may go on in the next lines.
      while (word === null && i + 1 < lines.length && parts.length < 100) {
        i += 1;
        parts.push(lines[i]!);
        word = shellWord(parts.join('\n'), values);
      }
      if (word === null) break;
      const name = match[1]!;
      const value = word.slice(0, LONGEST);
      values.set(name, value);
      assignments.push({ file: path, line: number, name, value });
    }
  }
  return assignments;
}

/** The word at the beginning of a text with its quotes taken off and variables replaced; null when a quote is not closed. */
function shellWord(text: string, values: ReadonlyMap<string, string>): string | null {
  let word = '';
  let quote = '';
  for (let i = 0; i < text.length && word.length < LONGEST; i++) {
    const c = text[i]!;
    if (quote === "'") {
      if (c === "'") quote = '';
      else word += c;
    } else if (c === '\\') {
      const next = text[i + 1];
      i += 1;
      if (next === undefined) return quote === '' ? word : null;
      if (next === '\n') continue;
      word += quote === '"' && !'$`"\\'.includes(next) ? `\\${next}` : next;
    } else if (c === '$') {
      const name = /^\{?([A-Za-z_][A-Za-z0-9_]{0,100})\}?/.exec(text.slice(i + 1, i + 110));
      if (name) {
        word += values.get(name[1]!) ?? '';
        i += name[0].length;
      } else word += c;
    } else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else if (quote === '' && /[\s;&|()<>]/.test(c)) return word;
    else word += c;
  }
  return quote === '' ? word : null;
}
