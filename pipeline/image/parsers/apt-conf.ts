import { isBlank, quoteWord, strip } from './quote-word.ts';

/** A value of apt's configuration, with the place that gave it last. */
export interface AptSetting {
  /** As `apt-config dump` prints it: `Acquire::http::Proxy`; members of a list end in `::`. */
  name: string;
  value: string;
  file: string;
  line: number;
}

interface Node {
  tag: string;
  value: string;
  file: string;
  line: number;
  children: Node[];
  /** By tag in lower case; members of lists have no tag. */
  named: Map<string, Node>;
}

/** Far above what any configuration has; what is longer is made to hurt. */
const MOST_SETTINGS = 20_000;
const MOST_NAME = 1000;
const MOST_DEPTH = 100;

/** apt's configuration: a tree whose names are the same in either letter case. */
export class AptConfig {
  readonly #root = node('', '', 0);
  #size = 0;

  /** False when there is no room left. */
  set(name: string, value: string, file: string, line: number): boolean {
    if (name.length > MOST_NAME || this.#size >= MOST_SETTINGS) return false;
    let at = this.#root;
    for (const tag of tags(name)) {
      const known = tag === '' ? undefined : at.named.get(tag.toLowerCase());
      if (known) {
        at = known;
        continue;
      }
      const child = node(tag, file, line);
      this.#size += 1;
      at.children.push(child);
      if (tag !== '') at.named.set(tag.toLowerCase(), child);
      at = child;
    }
    Object.assign(at, { value, file, line });
    return true;
  }

  /** Empties a value and everything below it. */
  clear(name: string): void {
    const found = this.#find(name);
    if (!found) return;
    found.value = '';
    found.children = [];
    found.named = new Map();
  }

  /** The setting of that name; null when it has no value. */
  get(name: string): AptSetting | null {
    const found = this.#find(name);
    return found && found.value !== ''
      ? { name, value: found.value, file: found.file, line: found.line }
      : null;
  }

  /**
   * A path such as `Dir::Etc::sourcelist`: a relative one stands below the value of its parents.
   * @param defaults values of apt itself, by name in lower case
   */
  path(name: string, defaults: ReadonlyMap<string, string>): string {
    const parts = name.split('::');
    let path = '';
    for (let length = parts.length; length > 0; length--) {
      const here = parts.slice(0, length).join('::');
      const value = this.get(here)?.value ?? defaults.get(here.toLowerCase()) ?? '';
      if (value === '') continue;
      path = path === '' ? value : `${value.replace(/\/$/, '')}/${path}`;
      if (/^(?:\/|[~.]\/|\.\.\/)/.test(path)) break;
    }
    return path.startsWith('/dev/null') ? '/dev/null' : path;
  }

  /** Every setting, as `apt-config dump` lists them. */
  *settings(): Generator<AptSetting> {
    const todo = this.#root.children.map((child) => ({ child, name: child.tag })).reverse();
    while (todo.length > 0) {
      const { child, name } = todo.pop()!;
      yield { name, value: child.value, file: child.file, line: child.line };
      for (const one of child.children.toReversed()) todo.push({ child: one, name: `${name}::${one.tag}` });
    }
  }

  #find(name: string): Node | null {
    let at: Node | undefined = this.#root;
    for (const tag of tags(name)) {
      at = tag === '' ? undefined : at.named.get(tag.toLowerCase());
      if (!at) return null;
    }
    return at;
  }
}

function node(tag: string, file: string, line: number): Node {
  return { tag, value: '', file, line, children: [], named: new Map() };
}

/** The tags of a name. Behind a `::` apt looks for the next one from the second character on. */
function tags(name: string): string[] {
  const found: string[] = [];
  let start = 0;
  for (let at = 0; name.length - at >= 2; at++) {
    if (name[at] !== ':' || name[at + 1] !== ':') continue;
    found.push(name.slice(start, at));
    start = at + 2;
    at = start;
  }
  found.push(name.slice(start));
  return found;
}

/** Why apt reads no further, with the line. */
export interface AptConfProblem {
  file: string;
  line: number;
  text: string;
}

/**
 * Reads one file of apt.conf(5) into the configuration: blocks, comments of three kinds, values on later lines, `#clear`.
 * @param include reads what `#include` names; its problem is this file's
 */
export function readAptConf(
  text: string,
  file: string,
  config: AptConfig,
  include: (path: string) => AptConfProblem | null,
): AptConfProblem | null {
  const scopes: string[] = [];
  let parent = '';
  let pending = '';
  let inComment = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const problem = (why: string): AptConfProblem => ({ file, line, text: why });
    const bare = withoutComments(strip(raw.replaceAll('\t', '        ')), inComment);
    inComment = bare.inComment;
    let start = 0;
    let quoted = false;
    for (let at = 0; at < bare.text.length; at++) {
      const c = bare.text[at]!;
      if (c === '"') quoted = !quoted;
      if (quoted || (c !== '{' && c !== ';' && c !== '}')) continue;
      pending = joined(pending, strip(bare.text.slice(start, at)));
      start = at + 1;
      if (pending === '') {
        if (c === '{') return problem('a block starts with no name');
        if (c === '}') parent = scopes.pop() ?? '';
        continue;
      }
      const parsed = statement(pending, c === '{');
      if (typeof parsed === 'string') return problem(parsed);
      let { tag } = parsed;
      const { word } = parsed;
      if (c === '{') {
        if (scopes.length >= MOST_DEPTH) return problem('blocks nest too deep to be followed');
        scopes.push(parent);
        parent = parent === '' ? tag : `${parent}::${tag}`;
        if (parent.length > MOST_NAME) return problem('the name is too long to be followed');
        tag = '';
      }
      if (tag.startsWith('#')) {
        if (parent !== '') return problem('directives can only be at the top level');
        const failed = directive(tag.slice(1), word ?? '', config, include);
        if (failed) return failed.file === '' ? problem(failed.text) : failed;
      } else if (tag === '' && word === '#clear') return problem('#clear names no option');
      else if (word !== null) {
        const name = parent === '' ? tag : c === '{' ? parent : `${parent}::${tag}`;
        if (!config.set(name, word, file, line))
          return problem('there are more settings than can be followed');
      }
      pending = '';
      if (c === '}') parent = scopes.pop() ?? '';
    }
    pending = joined(pending, strip(bare.text.slice(start)));
  }
  return pending === ''
    ? null
    : { file, line: text.split('\n').length, text: 'there is text without a ; at the end' };
}

function joined(pending: string, more: string): string {
  return pending !== '' && more !== '' ? `${pending} ${more}` : pending + more;
}

function directive(
  name: string,
  word: string,
  config: AptConfig,
  include: (path: string) => AptConfProblem | null,
): AptConfProblem | null {
  if (name === 'clear') config.clear(word);
  else if (name === 'include') return include(word);
  else if (name !== 'x-apt-configure-index')
    return { file: '', line: 0, text: `#${name} is not a directive` };
  return null;
}

/** Tag and value of a statement; a word alone is a value, before a block it is the tag. A text says why there are none. */
function statement(text: string, opensBlock: boolean): { tag: string; word: string | null } | string {
  const tag = quoteWord(text, 0);
  if (!tag) return 'a quote or bracket is not closed';
  const value = quotedValue(text, tag.next) ?? quoteWord(text, tag.next);
  if (!value) {
    if (tag.next < text.length) return 'there is more behind the value';
    return opensBlock ? { tag: tag.word, word: null } : { tag: '', word: tag.word };
  }
  return value.next < text.length ? 'there is more behind the value' : { tag: tag.word, word: value.word };
}

/** Strings in double quotes, joined; null when there is anything else. */
function quotedValue(text: string, at: number): { word: string; next: number } | null {
  if (at >= text.length) return null;
  let word = '';
  for (let i = at; i < text.length; i++) {
    if (text[i] === '"') {
      const end = text.indexOf('"', i + 1);
      if (end === -1) return null;
      word += text.slice(i + 1, end);
      i = end;
    } else if (!isBlank(text[i])) return null;
    else if (i === at || !isBlank(text[i - 1])) word += ' ';
  }
  return { word, next: text.length };
}

/** Text without `//`, `#` and block comments; quotes protect only what is on the same line. Linear in the line. */
function withoutComments(line: string, inComment: boolean): { text: string; inComment: boolean } {
  let rest = line;
  if (inComment) {
    const end = rest.indexOf('*/');
    if (end === -1) return { text: '', inComment: true };
    rest = rest.slice(end + 2);
  }
  rest = rest.slice(0, unquoted(rest, '//') ?? rest.length);
  rest = rest.slice(0, unquoted(rest, '#') ?? rest.length);
  let text = '';
  for (;;) {
    const start = unquoted(rest, '/*');
    if (start === null) return { text: text + rest, inComment: false };
    text += rest.slice(0, start);
    const end = rest.indexOf('*/', start + 2);
    if (end === -1) return { text, inComment: true };
    rest = rest.slice(end + 2);
  }
}

const MAGIC = /^#(?:clear|include|x-apt-configure-index)/;

/** The position of a comment's mark outside quotes; a `#` that begins a directive does not count. */
function unquoted(line: string, mark: string): number | null {
  let quotes = 0;
  let counted = 0;
  for (let at = line.indexOf(mark); at !== -1; ) {
    for (; counted < at; counted++) if (line[counted] === '"') quotes += 1;
    const inside = quotes % 2 === 1;
    if (!inside && !(mark === '#' && MAGIC.test(line.slice(at, at + 30)))) return at;
    at = line.indexOf(mark, at + (mark === '/*' ? 2 : 1));
  }
  return null;
}

/** Settings that send apt through a proxy; DIRECT and false are none. */
export function aptProxies(config: AptConfig): AptSetting[] {
  return [...config.settings()].filter(
    ({ name, value }) =>
      /^Acquire::[^:]+::Proxy(?:-Auto-Detect|AutoDetect)?(?:::|$)/i.test(name) &&
      value !== '' &&
      !/^(?:DIRECT|false)$/i.test(value),
  );
}
