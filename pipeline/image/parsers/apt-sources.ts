import { aptBoolean, isBlank, quoteWord, strip } from './quote-word.ts';

export interface AptSource {
  line: number;
  /** deb, deb-src. */
  types: string[];
  uris: string[];
  suites: string[];
  /** Options that apt knows, by their names of the one-line form: trusted, signed-by, … */
  options: ReadonlyMap<string, string>;
  /** The entry as a report names it; it may hold a password. */
  text: string;
}

export interface AptSources {
  sources: AptSource[];
  /** The reason for which apt stops with "The list of sources could not be read"; sources behind it are not read. */
  problem: { line: number; text: string } | null;
}

const TYPES = new Set(['deb', 'deb-src']);

/** Reads a file of sources as apt does, which goes by the end of its name. */
export function parseAptSources(text: string, name: string): AptSources {
  return name.endsWith('.sources') ? parseDeb822Sources(text) : parseSourcesList(text);
}

/** The one-line form of sources.list(5). Names of options count in lower case only. */
export function parseSourcesList(text: string): AptSources {
  const sources: AptSource[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const entry = strip(withoutComment(raw));
    if (entry === '') continue;
    const source = oneLine(entry, line);
    if (typeof source === 'string') return { sources, problem: { line, text: source } };
    sources.push(source);
  }
  return { sources, problem: null };
}

/** Cut at the first `#` that is not inside [options]. */
function withoutComment(line: string): string {
  let open = 0;
  for (let at = 0; at < line.length; at++) {
    const c = line[at];
    if (c === '[') open += 1;
    else if (c === ']') open -= 1;
    else if (c === '#' && open <= 0) return line.slice(0, at);
  }
  return line;
}

function oneLine(entry: string, line: number): AptSource | string {
  let at = 0;
  while (at < entry.length && entry[at] !== ' ' && entry[at] !== '\t' && entry[at] !== '\v') at += 1;
  const type = entry.slice(0, at);
  if (at === entry.length) return 'a type and nothing behind it';
  if (!TYPES.has(type)) return `apt knows no type "${type.slice(0, 40)}"`;
  while (isBlank(entry[at])) at += 1;
  const options = new Map<string, string>();
  if (entry[at] === '[') {
    const end = readOptions(entry, at + 1, options);
    if (typeof end === 'string') return end;
    at = end;
  }
  const uri = quoteWord(entry, at);
  const suite = uri && quoteWord(entry, uri.next);
  if (!suite) return 'no URI or no suite';
  if (!uri.word.includes(':')) return `"${uri.word.slice(0, 80)}" is not a URI`;
  const component = quoteWord(entry, suite.next);
  if (suite.word.endsWith('/') && component) return 'components behind a suite that ends in /';
  if (!suite.word.endsWith('/') && !component) return 'no component';
  return { line, types: [type], uris: [uri.word], suites: [suite.word], options, text: entry };
}

/** Reads `a=b c=d ]`. @returns where the rest starts, or what is wrong */
function readOptions(entry: string, from: number, options: Map<string, string>): number | string {
  let at = from;
  while (isBlank(entry[at])) at += 1;
  while (entry[at] !== ']') {
    const option = quoteWord(entry, at);
    if (!option || option.word.length < 3) return 'an option that is not name=value';
    at = option.next;
    let text = option.word;
    if (text.endsWith(']')) {
      // The bracket may stand right behind the last value.
      at = entry.lastIndexOf(']', at);
      if (at < from) return 'an option that is not name=value';
      text = text.slice(0, -1);
    }
    const equals = text.indexOf('=');
    if (equals <= 0 || equals === text.length - 1) return 'an option that is not name=value';
    options.set(text.slice(0, equals), text.slice(equals + 1));
  }
  at += 1;
  while (isBlank(entry[at])) at += 1;
  return at;
}

/**
 * Fields that apt takes from a stanza, by lower-case name. sources.list(5) also has Allow-Insecure, Allow-Weak and
 * Allow-Downgrade-To-Insecure, which apt (2.6.2) does not read in this form.
 */
const OPTION_FIELDS = ['trusted', 'signed-by', 'check-valid-until', 'check-date'];

/** The deb822 form: field names in either letter case, the last of two fields stands, `#` lines fall out wherever they are. */
export function parseDeb822Sources(text: string): AptSources {
  const sources: AptSource[] = [];
  for (const stanza of stanzas(text)) {
    const { line } = stanza;
    const fields = fieldsOf(stanza.text);
    const wrong = (why: string) => ({ sources, problem: { line, text: why } });
    if (!fields) return wrong('a line that is not a field');
    if (fields.size === 0) continue;
    const words = (name: string) => (fields.get(name) ?? '').split(/[ \t\n\v\f\r]+/).filter(Boolean);
    if (!fields.has('types')) return wrong('a stanza without Types');
    const types = words('types');
    const unknown = types.find((type) => !TYPES.has(type));
    if (unknown !== undefined) return wrong(`apt knows no type "${unknown.slice(0, 40)}"`);
    const enabled = fields.get('enabled') ?? '';
    if (types.length === 0 || aptBoolean(enabled) === false) continue;
    const uris = words('uris');
    const suites = words('suites');
    const components = words('components').length > 0;
    if (uris.length === 0 || suites.length === 0) return wrong('a stanza without URIs or Suites');
    const bad = uris.find((uri) => !uri.includes(':'));
    if (bad !== undefined) return wrong(`"${bad.slice(0, 80)}" is not a URI`);
    if (suites.some((suite) => suite.endsWith('/') === components))
      return wrong(components ? 'Components with a suite that ends in /' : 'a stanza without Components');
    const options = new Map<string, string>();
    for (const name of OPTION_FIELDS) if (fields.has(name)) options.set(name, fields.get(name)!);
    const trusted = options.has('trusted') ? ` Trusted: ${options.get('trusted')}` : '';
    sources.push({ line, types, uris, suites, options, text: `URIs: ${uris.join(' ')}${trusted}` });
  }
  return { sources, problem: null };
}

/** Stanzas with the number of their first line; a line with a blank in it does not end one. */
function* stanzas(text: string): Generator<{ line: number; text: string }> {
  let lines: string[] = [];
  let first = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.startsWith('#')) continue;
    const line = raw.replace(/^\r+$/, '');
    if (line !== '') {
      if (lines.length === 0) first = index + 1;
      lines.push(line);
    } else if (lines.length > 0) {
      yield { line: first, text: lines.join('\n') };
      lines = [];
    }
  }
  if (lines.length > 0) yield { line: first, text: lines.join('\n') };
}

/** Fields by lower-case name; a name goes up to the next colon, wherever that is. Null when there is none. */
function fieldsOf(text: string): Map<string, string> | null {
  const fields = new Map<string, string>();
  let begin = 0;
  // Blanks before the first field belong to none.
  while (isBlank(text[begin])) begin = text.indexOf('\n', begin) + 1 || text.length;
  for (let at = begin; at < text.length; ) {
    const colon = text.indexOf(':', at);
    if (colon === -1) return null;
    const name = strip(text.slice(at, colon)).toLowerCase();
    let end = text.indexOf('\n', colon);
    while (end !== -1 && isBlank(text[end + 1])) end = text.indexOf('\n', end + 1);
    if (end === -1) end = text.length;
    fields.set(name, strip(text.slice(colon + 1, end)));
    at = end + 1;
  }
  return fields;
}
