/**
 * The configuration of ds-identify as it reads it: up to cloud-init 24.1 by the shell's `read`, which leaves out a last line without a
 * newline; from 24.2 on by grep, which takes it and finds the key anywhere in a line. Read in tools/ds-identify of the tags 20.4,
 * 22.4.2, 24.1, 24.2 and 26.2 and compared with these scripts.
 */
export type Reading = 'read' | 'grep';

/** A file of cloud-init's configuration, in the order in which ds-identify reads them. */
export interface CloudFile {
  path: string;
  text: string;
}

/** Files that ds-identify reads in some versions of cloud-init. */
export interface DsIdentify {
  /** First version of cloud-init with it. */
  from: string;
  reading: Reading;
  /** From 26.1 on it has no test for MAAS any more: only a list that names MAAS alone leads there. */
  testsMaas: boolean;
}

/** The newest first. */
export const DS_IDENTIFY: readonly DsIdentify[] = [
  { from: '26.1', reading: 'grep', testsMaas: false },
  { from: '24.2', reading: 'grep', testsMaas: true },
  { from: '0.7', reading: 'read', testsMaas: true },
];

/** The `from` of the ways that an image's cloud-init may take: one where its version is known, else all. @param version as dpkg has it */
export function dsIdentifyOf(version: string | null): string[] {
  const match = /^(?:\d+:)?(\d{1,4})\.(\d{1,4})/.exec(version ?? '');
  if (!match) return DS_IDENTIFY.map(({ from }) => from);
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const way = DS_IDENTIFY.find(({ from }) => {
    const [first = 0, second = 0] = from.split('.').map(Number);
    return major > first || (major === first && minor >= second);
  });
  return [(way ?? DS_IDENTIFY.at(-1)!).from];
}

/** The list of data sources in force: its names, and the file that it is from. */
export interface DatasourceList {
  names: string[];
  /** Nothing in it can be read: the built-in list is gone through, in which MAAS is the first. */
  builtIn: boolean;
  file: string;
}

/** The `datasource_list` in force, the last that is found; null when there is none. */
export function datasourceList(files: readonly CloudFile[], reading: Reading): DatasourceList | null {
  const found = reading === 'read' ? lastByRead(files, KEY) : lastByGrep(files);
  if (!found) return null;
  const list = yamlArray(found.value);
  return { names: words(list), builtIn: list === '', file: found.file };
}

const KEY = 'datasource_list';

interface Found {
  value: string;
  file: string;
}

function lastByRead(files: readonly CloudFile[], key: string): Found | null {
  let found: Found | null = null;
  for (const { path, text } of files)
    for (const line of shellRead(text)) {
      const cut = line.indexOf('#');
      const said = cut === -1 ? line : line.slice(0, cut);
      if (said === `${key}:` || said.startsWith(`${key}: `)) {
        const value = said.slice(key.length + 1);
        found = { value: value.startsWith(' ') ? value.slice(1) : value, file: path };
      }
    }
  return found;
}

/** Lines as `while read line` sees them: backslashes are taken out or join lines, blanks at both ends are removed, a line needs its newline. */
function* shellRead(text: string): Generator<string> {
  const lines = text.split('\n');
  lines.pop();
  for (let i = 0; i < lines.length; i++) {
    const parts = [lines[i]!];
    while (endsEscaped(parts.at(-1)!)) {
      i += 1;
      // The file ends within the line.
      if (i === lines.length) return;
      parts.push(parts.pop()!.slice(0, -1), lines[i]!);
    }
    const line = parts.join('');
    yield blanksOff(line.includes('\\') ? line.replace(/\\(.)/g, '$1') : line);
  }
}

function endsEscaped(line: string): boolean {
  let count = 0;
  for (let i = line.length - 1; i >= 0 && line[i] === '\\'; i--) count += 1;
  return count % 2 === 1;
}

/** Blanks and tabs at both ends, in one pass each: the shell's, not JavaScript's idea of white space. */
function blanksOff(line: string): string {
  let start = 0;
  let end = line.length;
  while (line[start] === ' ' || line[start] === '\t') start += 1;
  while (line[end - 1] === ' ' || line[end - 1] === '\t') end -= 1;
  return line.slice(start, end);
}

function lastByGrep(files: readonly CloudFile[]): Found | null {
  let found: Found | null = null;
  for (const { path, text } of files)
    for (const line of text.split('\n')) {
      if (!keyIn(line)) continue;
      const cut = line.indexOf('#');
      const said = cut === -1 ? line : line.slice(0, cut);
      if (said === '') continue;
      found = { value: said, file: path };
    }
  if (!found) return null;
  return { ...found, value: words(found.value.slice(found.value.lastIndexOf(':') + 1)).join(' ') };
}

/** Whether the key stands in the line, quotes and blanks behind it, then a colon. */
function keyIn(line: string): boolean {
  for (let at = line.indexOf(KEY); at !== -1; at = line.indexOf(KEY, at + KEY.length)) {
    let i = at + KEY.length;
    while ('"\'\\'.includes(line[i] ?? 'end')) i += 1;
    while (' \t\r\v\f'.includes(line[i] ?? 'end')) i += 1;
    if (line[i] === ':') return true;
  }
  return false;
}

/** A flow sequence in one line, with or without its brackets, as the script takes it apart: the names, a blank between them. */
function yamlArray(value: string): string {
  let inner = value.startsWith('[') ? value.slice(1) : value;
  if (inner.endsWith(']')) inner = inner.slice(0, -1);
  const tokens = inner.split(',');
  // The shell's splitting has no field behind a last comma.
  if (tokens.at(-1) === '') tokens.pop();
  return tokens.map((token) => unquoted(words(token).join(' '))).join(' ');
}

function unquoted(text: string): string {
  const quote = text[0];
  return text.length > 1 && (quote === '"' || quote === "'") && text.endsWith(quote)
    ? text.slice(1, -1)
    : text;
}

const words = (text: string) => text.split(/[ \t\n]/).filter((word) => word !== '');

/** `datasource` and `policy` of /etc/cloud/ds-identify.cfg; the last of each stands. */
export function dsIdentifyConfig(text: string): { datasource: string | null; policy: string | null } {
  const values = new Map<string, string>();
  for (const line of shellRead(text)) {
    const said = line.split('#', 1)[0]!;
    const colon = said.indexOf(':');
    if (colon === -1) continue;
    values.set(words(said.slice(0, colon)).join(' '), unquoted(words(said.slice(colon + 1)).join(' ')));
  }
  return { datasource: values.get('datasource') || null, policy: values.get('policy') || null };
}

/** The mode of a policy such as `search,found=all`: `disabled` switches cloud-init off, `enabled` on without a search. */
export function policyMode(policy: string | null): 'enabled' | 'disabled' | 'search' | 'report' {
  let mode: ReturnType<typeof policyMode> = 'search';
  for (const token of (policy ?? '').split(','))
    if (token === 'enabled' || token === 'disabled' || token === 'search' || token === 'report') mode = token;
  return mode;
}
