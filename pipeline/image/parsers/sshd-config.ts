import { wildcardMatches } from './glob.ts';

/** One criterion of a Match line: `user`, `group`, `host`, `address`, `localaddress`, `localport`, `rdomain`, …, in lower case. */
export interface Criterion {
  criterion: string;
  argument: string;
}

/** A setting of sshd_config(5), where it stands and for whom. */
export interface SshdSetting {
  file: string;
  line: number;
  /** In lower case, an alias under its proper name. */
  keyword: string;
  /** Its arguments, quotes taken off. */
  values: readonly string[];
  /** Criteria of the Match blocks it stands in; empty for `Match all`; null before any Match. */
  match: readonly Criterion[] | null;
}

/** The settings in the order of sshd, and the lines that keep it from starting. */
export interface SshdConfig {
  settings: SshdSetting[];
  problems: { file: string; line: number; text: string }[];
}

/** The source of an image's files; paths have no leading slash. */
export interface SshdFiles {
  /** Null when there is no such file, or it could not be read. */
  text(path: string): string | null;
  /** Files that a pattern of Include names, in the order of glob(3). */
  glob(pattern: string): readonly string[];
}

/** Include stands for at most so many files and characters: more is not a configuration that a person wrote. */
const MOST_READS = 256;
const MOST_TEXT = 4 << 20;
/** sshd's own bound (SERVCONF_MAX_DEPTH). */
const MOST_DEPTH = 16;
const MOST_SETTINGS = 20_000;
const MOST_PROBLEMS = 20;

const ALIASES = new Map([
  ['challengeresponseauthentication', 'kbdinteractiveauthentication'],
  ['skeyauthentication', 'kbdinteractiveauthentication'],
  ['dsaauthentication', 'pubkeyauthentication'],
  ['hostbasedacceptedkeytypes', 'hostbasedacceptedalgorithms'],
  ['pubkeyacceptedkeytypes', 'pubkeyacceptedalgorithms'],
]);

/** Keywords that a Match block cannot change for its connection. */
const GLOBAL_ONLY = new Set(['usepam', 'permituserenvironment', 'strictmodes', 'ignoreuserknownhosts']);

/** The rest of the line is their value, quotes and comments included. */
const WHOLE_LINE = new Set([
  'authorizedkeyscommand',
  'authorizedprincipalscommand',
  'forcecommand',
  'versionaddendum',
]);

/**
 * The settings that sshd uses: those of the main file with every Include in its place, by the grammar of OpenSSH 9.2, which 8.9 and 9.6
 * share. (8.2 of Ubuntu 20.04 reads the same files, but never applies a Match block of an included file.)
 * @param options arguments of `-o` on its command line, which come before any file
 */
export function readSshdConfig(
  files: SshdFiles,
  main = 'etc/ssh/sshd_config',
  options: readonly string[] = [],
): SshdConfig {
  const config: SshdConfig = { settings: [], problems: [] };
  let reads = 0;
  let read = 0;
  // sshd stops there too: nothing that comes later counts.
  let stopped = false;
  const problem = (file: string, line: number, text: string) => {
    if (config.problems.length < MOST_PROBLEMS) config.problems.push({ file, line, text });
  };
  const take = (file: string, line: number, text: string, match: SshdSetting['match'], depth: number) => {
    const found = parseLine(text);
    if (found === null) return match;
    if (typeof found === 'string') {
      problem(file, line, found);
      return match;
    }
    const { keyword, values, rest } = found;
    if (keyword === 'match') {
      const criteria = parseCriteria(rest);
      if (criteria === null) problem(file, line, 'a Match line that sshd refuses');
      return criteria ?? match;
    }
    if (keyword === 'include') {
      for (const pattern of values)
        for (const included of files.glob(absolute(pattern)))
          readFile(included, match, depth + 1, file, line);
    } else if (config.settings.length < MOST_SETTINGS)
      config.settings.push({ file, line, keyword, values, match });
    return match;
  };
  const readFile = (
    file: string,
    outer: SshdSetting['match'],
    depth: number,
    from: string,
    at: number,
  ): void => {
    if (stopped) return;
    const text = files.text(file);
    if (text === null) return;
    reads += 1;
    read += text.length;
    if (depth > MOST_DEPTH || reads > MOST_READS || read > MOST_TEXT) {
      stopped = true;
      problem(from, at, 'too many files included, or one that includes itself');
      return;
    }
    let match = outer;
    let line = 0;
    for (const raw of sshdLines(text)) {
      if (stopped) return;
      line += 1;
      const next = take(file, line, raw, match, depth);
      // A Match block of an included file narrows the one that the Include stands in, and ends with the file.
      if (next !== match) match = outer === null ? next : [...outer, ...next!];
    }
  };
  for (const option of options) take('command line', 1, option, null, 0);
  readFile(main, null, 0, main, 1);
  return config;
}

/** Lines as sshd's reader leaves them: it takes a line up to a NUL, and then its end is lost with the rest. */
function sshdLines(text: string): string[] {
  return text.includes('\0') ? text.replace(/\0[^\n]*\n?[ \t\r]*/g, '').split('\n') : text.split('\n');
}

/** A path of Include without its slash; a relative one lies in /etc/ssh. */
function absolute(pattern: string): string {
  return pattern.startsWith('/') ? pattern.slice(1) : `etc/ssh/${pattern}`;
}

/** A line's keyword and arguments; null when it says nothing, words when sshd stops at it. */
function parseLine(raw: string): { keyword: string; values: string[]; rest: string } | null | string {
  const state: Rest = { text: trimmed(raw) };
  let keyword = delimited(state);
  if (keyword === '') keyword = delimited(state);
  if (!keyword || keyword.startsWith('#')) return null;
  const rest = state.text;
  if (rest === null || rest === '') return `${keyword.slice(0, 40)} without an argument`;
  const name = keyword.toLowerCase();
  const values = splitArguments(rest);
  if (values === null) return `${keyword.slice(0, 40)} with a quote that is not closed`;
  const proper = ALIASES.get(name) ?? name;
  return { keyword: proper, values: WHOLE_LINE.has(proper) ? [rest.replace(/^[ \t\r]+/, '')] : values, rest };
}

function trimmed(raw: string): string {
  let [from, to] = [0, raw.length];
  while (' \t\r'.includes(raw[from] ?? 'end')) from += 1;
  while (to > from + 1 && ' \t\r\n\f'.includes(raw[to - 1]!)) to -= 1;
  return raw.slice(from, to);
}

interface Rest {
  /** Null when nothing is left. */
  text: string | null;
}

const BLANK = ' \t\r\n';

/** The next word by sshd's strdelim: ended by blanks or one `=`, or in double quotes, which may stand within it; null at the end. */
function delimited(rest: Rest): string | null {
  const text = rest.text;
  if (text === null) return null;
  let at = 0;
  while (at < text.length && !BLANK.includes(text[at]!) && text[at] !== '"' && text[at] !== '=') at += 1;
  if (at === text.length) {
    rest.text = null;
    return text;
  }
  const skip = (from: number) => {
    let to = from;
    while (to < text.length && BLANK.includes(text[to]!)) to += 1;
    return to;
  };
  if (text[at] === '"') {
    const end = text.indexOf('"', at + 1);
    if (end === -1) {
      rest.text = null;
      return null;
    }
    rest.text = text.slice(skip(end + 1));
    return text.slice(0, at) + text.slice(at + 1, end);
  }
  let next = skip(at + 1);
  if (text[at] !== '=' && text[next] === '=') next = skip(next + 1);
  rest.text = text.slice(next);
  return text.slice(0, at);
}

/** Arguments by sshd's argv_split: blanks, both quotes, a few backslash escapes, `#` at a word's beginning ends; null for an open quote. */
function splitArguments(text: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === ' ' || text[at] === '\t') {
      at += 1;
      continue;
    }
    if (text[at] === '#') break;
    let quote = '';
    const word: string[] = [];
    for (; at < text.length; at += 1) {
      const char = text[at]!;
      const next = text[at + 1];
      if (
        char === '\\' &&
        (next === "'" || next === '"' || next === '\\' || (quote === '' && next === ' '))
      ) {
        at += 1;
        word.push(next);
      } else if (quote === '' && (char === ' ' || char === '\t')) break;
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      else if (quote !== '' && char === quote) quote = '';
      else word.push(char);
    }
    if (quote !== '') return null;
    words.push(word.join(''));
  }
  return words;
}

/** The criteria of a Match line, empty for `all`; null when sshd refuses them. */
function parseCriteria(text: string): Criterion[] | null {
  const rest: Rest = { text };
  const criteria: Criterion[] = [];
  for (let word = delimited(rest); word; word = delimited(rest)) {
    if (word.startsWith('#')) break;
    const criterion = word.toLowerCase();
    if (criterion === 'invalid-user') {
      criteria.push({ criterion, argument: '' });
      continue;
    }
    const argument = delimited(rest);
    const none = argument === null || argument === '' || argument.startsWith('#');
    if (criterion === 'all') return criteria.length === 0 && none ? [] : null;
    if (none) return null;
    criteria.push({ criterion, argument });
  }
  return criteria.length > 0 ? criteria : null;
}

/**
 * The setting in force for the connections that `applies` says yes for; null when nothing sets it. Before any Match the first
 * value wins; the first value of the Match blocks that apply, `Match all` among them, wins over that.
 */
export function sshdSetting(
  { settings }: SshdConfig,
  keyword: string,
  applies: (criterion: Criterion) => boolean = () => false,
): SshdSetting | null {
  const own = settings.filter((s) => s.keyword === keyword);
  const matched = GLOBAL_ONLY.has(keyword)
    ? undefined
    : own.find((s) => s.match?.every((criterion) => applies(criterion)));
  return matched ?? own.find((s) => s.match === null || s.match.length === 0) ?? null;
}

/** Every setting of a keyword that is in force for somebody: the general one, and those of Match blocks no earlier block is in front of. */
export function sshdSettings(config: SshdConfig, keyword: string): SshdSetting[] {
  const general = sshdSetting(config, keyword);
  const found: SshdSetting[] = [];
  if (!GLOBAL_ONLY.has(keyword)) {
    const before = new Set<string>();
    for (const setting of config.settings) {
      if (setting.keyword !== keyword || setting.match === null) continue;
      const id = JSON.stringify(setting.match);
      // Nothing comes after `Match all`, or after the same criteria.
      if (setting.match.length === 0) break;
      if (before.has(id)) continue;
      before.add(id);
      found.push(setting);
    }
  }
  return general ? [general, ...found] : found;
}

/** Whether a list of patterns, some negated, takes a name, as match_pattern_list of OpenSSH does. */
export function patternListMatches(list: string, name: string): boolean {
  let found = false;
  for (const pattern of list.split(',').slice(0, 1000)) {
    if (pattern.startsWith('!')) {
      if (wildcardMatches(pattern.slice(1), name)) return false;
    } else if (wildcardMatches(pattern, name)) found = true;
  }
  return found;
}
