/** One thing that a file which a shell sources does to a variable. */
export interface VariableChange {
  line: number;
  /** The statement as written, on one line. */
  text: string;
  name: string;
  /** `unset` takes the variable away. */
  how: '=' | '+=' | 'unset';
  /** Variables that the value names where the shell expands them; `=` names none of the variable's own. */
  uses: string[];
  /** Inside `if`, `case`, a loop or a function, or after `&&` or `||`. */
  conditional: boolean;
}

interface Word {
  text: string;
  /** The part that the shell expands: without quoted parts. */
  expanded: string;
}

const OPEN = new Set(['if', 'case', 'while', 'until', 'for', '{', '(']);
const CLOSE = new Set(['fi', 'esac', 'done', '}', ')']);
const PREFIX = new Set(['then', 'else', 'elif', 'do', '!', 'if', 'while', 'until', '{']);
const DECLARE = new Set(['export', 'readonly', 'local', 'declare', 'typeset']);
/** The name of a function, or its parentheses alone. */
const FUNCTION = /^\w*\(\)$/;
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)(\+?=)/;

/**
 * The changes of variables by a shell that sources this text, in order, conditions noted (for the values: `shellAssignments`). It reads as sh(1) does: quotes over several lines, comments, continued lines,
 * several statements a line; nothing is run. One pass.
 * @returns `open`: the line of a quote that nothing closes, where the shell stops with an error, or null
 */
export function variableChanges(text: string): { changes: VariableChange[]; open: number | null } {
  const changes: VariableChange[] = [];
  let depth = 0;
  const { statements, open } = statementsOf(text);
  for (const { line, words, after } of statements) {
    let at = 0;
    while (at < words.length) {
      const { text: word } = words[at]!;
      const names = FUNCTION.test(word) || words[at + 1]?.text === '()';
      if (OPEN.has(word)) depth += 1;
      if (CLOSE.has(word)) depth = Math.max(0, depth - 1);
      if (!PREFIX.has(word) && !DECLARE.has(word) && !CLOSE.has(word) && !names) break;
      at += 1;
    }
    const rest = words.slice(at);
    const conditional = depth > 0 || after;
    const said = {
      line,
      text: words
        .map((w) => w.text)
        .join(' ')
        .slice(0, 200),
      conditional,
    };
    if (rest[0]?.text === 'unset')
      for (const { text: name } of rest.slice(1)) changes.push({ ...said, name, how: 'unset', uses: [] });
    // Before a command an assignment is for that command only.
    else if (rest.every((w) => ASSIGNMENT.test(w.text) || (at > 0 && DECLARE.has(words[at - 1]!.text))))
      for (const word of rest) {
        const [all, name, how] = ASSIGNMENT.exec(word.text) ?? [];
        if (!name) continue;
        changes.push({
          ...said,
          name,
          how: how as '=' | '+=',
          uses: variables(word.expanded.slice(all!.length)),
        });
      }
  }
  return { changes, open };
}

function variables(expanded: string): string[] {
  return [...expanded.matchAll(/\$\{?[#!]?([A-Za-z_][A-Za-z0-9_]*)/g)].map((m) => m[1]!);
}

interface Statement {
  line: number;
  words: Word[];
  /** It stands behind `&&` or `||`. */
  after: boolean;
}

function statementsOf(text: string): { statements: Statement[]; open: number | null } {
  const statements: Statement[] = [];
  let words: Word[] = [];
  let word: Word | null = null;
  let after = false;
  let line = 1;
  let begun = 1;
  let open: number | null = null;
  const put = (raw: string, expanded: string) => {
    if (word === null && words.length === 0) begun = line;
    word ??= { text: '', expanded: '' };
    word.text += raw;
    word.expanded += expanded;
  };
  const endWord = () => {
    if (word) words.push(word);
    word = null;
  };
  const endStatement = (next: boolean) => {
    endWord();
    if (words.length > 0) statements.push({ line: begun, words, after });
    words = [];
    after = next;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\') {
      const next = text[i + 1] ?? '';
      if (next === '\n') line += 1;
      else put(c + next, next === '$' ? '' : next);
      i += 1;
    } else if (c === "'" || c === '"' || c === '`' || (c === '$' && text[i + 1] === '(')) {
      const end = closing(text, i);
      const quoted = text.slice(i, end === null ? text.length : end + 1);
      put(quoted, c === "'" ? '' : quoted.replace(/\\[\s\S]/g, ''));
      if (end === null) open = line;
      line += quoted.split('\n').length - 1;
      i = end ?? text.length;
    } else if (c === '#' && word === null) {
      const end = text.indexOf('\n', i);
      i = (end === -1 ? text.length : end) - 1;
    } else if (c === '\n' || c === ';' || c === '&' || c === '|') {
      const twice = (c === '&' || c === '|') && text[i + 1] === c;
      endStatement(twice);
      if (twice) i += 1;
      if (c === '\n') line += 1;
    } else if (c === ' ' || c === '\t' || c === '\r') endWord();
    else put(c, c);
  }
  endStatement(false);
  return { statements, open };
}

/** The end of the quote or substitution that begins at `from`, those inside it passed over; null: it does not end. */
function closing(text: string, from: number): number | null {
  const ends: string[] = [];
  for (let i = from; i < text.length; i++) {
    const c = text[i]!;
    const top = ends.at(-1);
    if (top === "'") {
      if (c === "'") ends.pop();
    } else if (c === '\\') i += 1;
    else if (c === top) ends.pop();
    else if (c === '`' && top !== '`') ends.push('`');
    else if (c === '$' && text[i + 1] === '(' && top !== '`') {
      ends.push(')');
      i += 1;
    } else if ((c === '"' || c === "'") && (top === undefined || top === ')')) ends.push(c);
    if (ends.length === 0) return i;
  }
  return null;
}
