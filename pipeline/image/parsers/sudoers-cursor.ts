/** A line that sudo's grammar has no place for; sudo (1.9.3 and later) passes over it. */
export class SudoersError extends Error {}

/** Reads the words of a sudoers file, as sudo's scanner (toke.l of 1.9.13) separates them. */
export class SudoersCursor {
  readonly #text: string;
  #at = 0;
  /** A regular expression that has no end here has none further on, either: none is looked for twice. */
  #noExpressionBefore = 0;
  line = 1;
  /** Whether a line is continued at the end of the text, or as an old include: sudo goes on with it behind that, be it in another file. */
  lost = false;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  get atLineStart(): boolean {
    return this.#at === 0 || this.#text[this.#at - 1] === '\n';
  }

  /** The next character, blanks and continued lines skipped; '\n' at the end of a line, where a comment counts as that. */
  peek(): string {
    this.blanks();
    const char = this.#text[this.#at];
    if (char === undefined || this.#newline(this.#at) > 0) return '\n';
    return char === '#' && !this.#id() ? '\n' : char;
  }

  /** Takes the character when it is the next one. */
  take(char: string): boolean {
    if (this.peek() !== char || char === '\n') return false;
    this.#at += 1;
    return true;
  }

  expect(char: string): void {
    if (!this.take(char)) throw new SudoersError();
  }

  /** Exclamation marks: an odd number negates. */
  negated(): boolean {
    let odd = false;
    while (this.take('!')) odd = !odd;
    return odd;
  }

  /** Skips what is left of a line, with the lines that it is continued on; a backslash does not continue a comment. */
  skipLine(): void {
    for (let next = this.peek(); next !== '\n'; next = this.peek()) this.#skipWord(next);
    this.#skipToNextLine();
  }

  /** The end of an entry. */
  end(): void {
    if (this.peek() !== '\n') throw new SudoersError();
    this.#skipToNextLine();
  }

  /** Skips blanks and continued lines; whether there were any. */
  blanks(): boolean {
    const from = this.#at;
    while (this.#blank(this.#at) || this.#continued()) if (this.#blank(this.#at)) this.#at += 1;
    return this.#at > from;
  }

  /** A word of the given characters that is here, without taking it. */
  ahead(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? null;
  }

  /** Takes what the sticky pattern finds here. */
  match(pattern: RegExp): string | null {
    const found = this.ahead(pattern);
    if (found !== null) this.#at += found.length;
    return found;
  }

  /** A name, quoted or not, its escapes undone; the prefix (`%`, `+`, `#`) is part of it. */
  name(): string {
    this.blanks();
    if (this.#text[this.#at] === '"') return this.quoted();
    const found = this.ahead(ID) ?? this.ahead(NAME);
    const command = this.ahead(PATH) ?? this.#expression() ?? this.ahead(SUDOEDIT);
    // Of two that fit, sudo's scanner takes the longer, and a command before a name.
    if (!found || (command !== null && command.length >= found.length)) throw new SudoersError();
    this.#at += found.length;
    return unescaped(found);
  }

  /** A text in quotes, which stand here. */
  quoted(): string {
    const text = this.#string();
    if (!text) throw new SudoersError();
    return text;
  }

  /** Takes a text in quotes; null when its line ends first. */
  #string(): string | null {
    const parts: string[] = [];
    this.expect('"');
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || this.#newline(this.#at) > 0) return null;
      if (char === '\\' && this.#continued()) {
        while (this.#blank(this.#at)) this.#at += 1;
        continue;
      }
      this.#at += 1;
      if (char === '"') return parts.join('');
      if (char === '\\' && this.#text[this.#at] === '"') {
        parts.push('"');
        this.#at += 1;
      } else parts.push(char);
    }
  }

  /** A command: a path, `sudoedit` or a regular expression, with its arguments; without them where `Defaults!` names it. */
  command(withArguments = true): string {
    this.blanks();
    const path = this.ahead(PATH) ?? this.#expression() ?? this.ahead(SUDOEDIT);
    if (path === null) throw new SudoersError();
    this.#at += path.length;
    const name = path.startsWith('^') ? path : path.replace(/\\([,:= \t#])/g, '$1');
    if (!withArguments || path.endsWith('/')) return name;
    const parts = [name];
    for (;;) {
      const blank = this.blanks();
      const expression = parts.length === 1 && this.peek() === '^';
      const part = this.#argument(parts.length > 1);
      if (part === null) return parts.join('');
      parts.push(blank ? ` ${part}` : part);
      // A regular expression stands for all arguments.
      if (expression) return parts.join('');
    }
  }

  /** A piece of an argument; null at the end of the command. */
  #argument(more: boolean): string | null {
    const char = this.#text[this.#at];
    const next = this.#text[this.#at + 1] ?? '';
    if (char === undefined || '\n#:,'.includes(char)) return null;
    // sudo takes CR LF as the end of a line everywhere but here.
    if (char === '\r') throw new SudoersError();
    if (char === '=' && !/[^#\\:, \t\r\n]/.test(next)) return null;
    if (char === '^' && !more) {
      const regex = this.#expression();
      if (regex === null) throw new SudoersError();
      this.#at += regex.length;
      return regex;
    }
    if (char === '\\') {
      if (next === '' || !'*?[]!^:\\,= \t#'.includes(next)) throw new SudoersError();
      this.#at += 2;
      return '*?[]!^'.includes(next) ? `\\${next}` : next;
    }
    return this.match(ARGUMENT);
  }

  /** A regular expression that is here, without taking it. */
  #expression(): string | null {
    if (this.#at < this.#noExpressionBefore) return null;
    const found = this.ahead(REGEX);
    if (found === null) this.#noExpressionBefore = this.#at + (this.ahead(REGEX_BODY)?.length ?? 0);
    return found;
  }

  #blank(at: number): boolean {
    return this.#text[at] === ' ' || this.#text[at] === '\t';
  }

  /** Length of the line end that is at a place. */
  #newline(at: number): number {
    if (this.#text[at] === '\n') return 1;
    return this.#text[at] === '\r' && this.#text[at + 1] === '\n' ? 2 : 0;
  }

  /** Takes a backslash with the line end it hides. */
  #continued(): boolean {
    if (this.#text[this.#at] !== '\\') return false;
    let at = this.#at + 1;
    while (this.#blank(at)) at += 1;
    const end = this.#newline(at);
    if (end === 0) return false;
    this.#at = at + end;
    this.line += 1;
    this.lost ||= this.ahead(LOST) !== null;
    return true;
  }

  /** Skips what sudo's scanner would take as one: in a command, quotes are characters like others. */
  #skipWord(next: string): void {
    const from = this.#at;
    try {
      if (next === '"') this.#string();
      else if ('/^'.includes(next) || this.ahead(SUDOEDIT) !== null) this.command();
      else this.match(ID) ?? this.match(WORD);
    } catch (error) {
      if (!(error instanceof SudoersError)) throw error;
    }
    if (this.#at === from) this.#at += 1;
  }

  #skipToNextLine(): void {
    const newline = this.#text.indexOf('\n', this.#at);
    this.#at = newline === -1 ? this.#text.length : newline + 1;
    this.line += 1;
  }

  /** Whether `#` begins a uid here, and no comment. */
  #id(): boolean {
    return this.ahead(ID) !== null;
  }
}

/** A word with `\\c` and `\\x41` undone. */
export function unescaped(word: string): string {
  return word.replace(/\\x([0-9a-fA-F]{2})|\\(.)/g, (_, hex, char) =>
    hex === undefined ? char : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const LOST = /[ \t]*$|#include(?:dir)?[ \t]/y;
const ID = /#-?[0-9]+/y;
const NAME = /(?:\+|%:?)?(?:#-?[0-9]+|(?:[^#>!=:,() \t\r\n\\"]|\\[^\t\n])+)/y;
const WORD = /(?:[^#>!=:,() \t\r\n\\"]|\\[^\t\n])+/y;
const PATH = /\/(?:\\[,:= \t#]|[^,:=\\ \t\r\n#])+/y;
const REGEX = /\^(?:\\[#$]|[^#\r\n$])*\$/y;
const REGEX_BODY = /\^(?:\\[#$]|[^#\r\n$])*/y;
const SUDOEDIT = /sudoedit(?![^#>!=:,() \t\r\n\\"])/y;
const ARGUMENT = /[^#\\:, \t\r\n]+/y;
