import { parseUnit, unitWords } from './systemd-unit.ts';

/** A setting that sends a program through a proxy or to a mirror. */
export interface ProxySetting {
  line: number;
  name: string;
  value: string;
}

const VARIABLE = /^(?:https?|ftp|all|rsync|socks[45]?|grpc)_proxy$/i;
/** Words with which programs say that they use none. */
const NONE = /^(?:|null|none|_none_|direct|false|off|no|~|undefined|system|manual|auto)$/i;
const MOST_LINE = 4000;
const MOST_FOUND = 100;

export const isProxyVariable = (name: string) => VARIABLE.test(name);

/** Whether a value, its quotes taken off, names a proxy. */
export const isProxy = (value: string) => !NONE.test(value.trim());

/** A proxy's address without the user and the password in it. */
export function withoutLogin(value: string): string {
  const at = value.lastIndexOf('@');
  if (at === -1) return value;
  const scheme = value.slice(0, at).indexOf('://');
  return `${value.slice(0, scheme === -1 ? 0 : scheme + 3)}***@${value.slice(at + 1)}`;
}

/** `NAME=value` lines as pam_env reads /etc/environment, and systemd environment.d and EnvironmentFile=; the last of a name stands. */
export function environmentProxies(text: string): ProxySetting[] {
  const found = new Map<string, ProxySetting>();
  for (const { line, said } of settings(text, '#;')) {
    const cut = said.indexOf('=');
    const name = said
      .slice(0, Math.max(cut, 0))
      .replace(/^export[ \t]+/, '')
      .trim();
    if (VARIABLE.test(name)) found.set(name, { line, name, value: unquoted(said.slice(cut + 1)) });
  }
  return named(found.values());
}

/** pam_env.conf: `NAME DEFAULT=value OVERRIDE=value`. */
export function pamEnvironmentProxies(text: string): ProxySetting[] {
  const found: ProxySetting[] = [];
  for (const { line, said } of settings(text, '#')) {
    const [name = '', ...rest] = unitWords(said);
    if (!VARIABLE.test(name)) continue;
    for (const word of rest) {
      const value = /^(?:DEFAULT|OVERRIDE)=(.*)$/.exec(word)?.[1];
      if (value !== undefined && !/^[$@]\{/.test(value)) found.push({ line, name, value });
    }
  }
  return named(found);
}

/** `Environment=` of units and `DefaultEnvironment=` of systemd's own configuration; an empty one takes back what came before. */
export function unitProxies(
  text: string | readonly { line: number; key: string; value: string }[],
): ProxySetting[] {
  const found = new Map<string, ProxySetting>();
  for (const { line, key, value } of typeof text === 'string' ? parseUnit(text) : text) {
    if (!/^(?:Default|Manager)?Environment$/.test(key)) continue;
    if (value === '') found.clear();
    for (const word of unitWords(value.slice(0, MOST_LINE))) {
      const cut = word.indexOf('=');
      const name = word.slice(0, Math.max(cut, 0));
      if (VARIABLE.test(name)) found.set(name, { line, name, value: word.slice(cut + 1) });
    }
  }
  return named(found.values());
}

/**
 * `key = value` and `key: value` lines in sections, as INI files, npmrc, wgetrc, gitconfig, TOML and keyfiles have them.
 * @param wanted whether a key of a section (in lower case, '' before any) names a proxy
 */
export function iniProxies(text: string, wanted: (section: string, key: string) => boolean): ProxySetting[] {
  const found = new Map<string, ProxySetting>();
  let section = '';
  for (const { line, said } of settings(text, '#;')) {
    let rest = said;
    if (rest.startsWith('[')) {
      const end = rest.lastIndexOf(']');
      section = rest
        .slice(0, end === -1 ? undefined : end)
        .replace(/^\[+/, '')
        .replace(/\]+$/, '')
        .trim()
        .toLowerCase();
      // git takes a setting on the section's own line.
      rest = end === -1 ? '' : rest.slice(end + 1).trim();
      if (rest === '' || rest.startsWith('#')) continue;
    }
    const cut = rest.search(/[=:]/);
    if (cut <= 0) continue;
    const key = rest.slice(0, cut).trim().toLowerCase();
    if (wanted(section, key))
      found.set(`${section}\0${key}`, {
        line,
        name: section === '' ? key : `${section}.${key}`,
        value: unquoted(rest.slice(cut + 1)),
      });
  }
  return named(found.values());
}

/** curlrc: `proxy = "x"`, `--proxy x`, `-x x`, with or without the sign. */
export function curlProxies(text: string): ProxySetting[] {
  const found: ProxySetting[] = [];
  for (const { line, said } of settings(text, '#')) {
    const match =
      /^(?:-x|(?:--)?(proxy|preproxy|socks4a?|socks5(?:-hostname)?))(?:[ \t]*[=:][ \t]*|[ \t]+)(.*)$/.exec(
        said,
      );
    if (match) found.push({ line, name: match[1] ?? 'proxy', value: unquoted(match[2]!) });
  }
  return named(found);
}

/** Keys of YAML that name a proxy (`proxy`, `apt_proxy`, `http_proxy`, `global_apt_https_proxy`, …), block or flow, and conda's proxy_servers. */
export function yamlProxies(text: string): ProxySetting[] {
  const found: ProxySetting[] = [];
  let servers = -1;
  for (const { line, said, indent } of settings(text, '#')) {
    if (servers >= 0 && indent > servers) {
      const entry = /^["']?([^\s:"']{1,200})["']?[ \t]*:[ \t]+(.*)$/.exec(said);
      if (entry) found.push({ line, name: `proxy_servers.${entry[1]}`, value: unquoted(entry[2]!) });
      continue;
    }
    servers = /^proxy_servers[ \t]*:[ \t]*(?:#.*)?$/.test(said) ? indent : -1;
    for (const match of said.matchAll(YAML_KEY)) {
      const [, name, value] = match;
      if (!/^no_proxy$/i.test(name!)) found.push({ line, name: name!, value: value! });
    }
    if (/^proxy_servers[ \t]*:[ \t]*\{/.test(said))
      for (const match of said.matchAll(
        /[{,][ \t]*["']?(https?|ftp|all)["']?[ \t]*:[ \t]+["']?([^\s,}"']+)/g,
      ))
        found.push({ line, name: `proxy_servers.${match[1]}`, value: match[2]! });
  }
  return named(found);
}

const YAML_KEY =
  /(?:^|[\s{,])["']?((?:[a-z]{1,20}_){0,4}proxy)["']?[ \t]{0,20}:[ \t]{1,20}["']?([^\s,}"'#{[&*!|>][^\s,}"']*)/gi;

/** Values in JSON whose path of keys is wanted. An object that is not JSON has none. */
export function jsonProxies(text: string, wanted: (path: readonly string[]) => boolean): ProxySetting[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return [];
  }
  const found: ProxySetting[] = [];
  const walk = (value: unknown, path: readonly string[]) => {
    if (path.length > 8 || found.length >= MOST_FOUND) return;
    if (typeof value === 'string') {
      if (wanted(path)) found.push({ line: 1, name: path.join('.').slice(0, 200), value });
    } else if (Array.isArray(value)) for (const item of value.slice(0, 1000)) walk(item, path);
    else if (value !== null && typeof value === 'object')
      for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
  };
  walk(json, []);
  return named(found);
}

/** Lines that say something, cut to a bound, with their indentation. */
function* settings(
  text: string,
  comments: string,
): Generator<{ line: number; said: string; indent: number }> {
  let line = 0;
  for (const raw of text.split('\n')) {
    line += 1;
    const cut = raw.slice(0, MOST_LINE);
    const said = cut.trim();
    if (said !== '' && !comments.includes(said[0]!))
      yield { line, said, indent: cut.length - cut.trimStart().length };
  }
}

/** A value up to its comment, or what its quotes hold. */
function unquoted(text: string): string {
  const value = text.trim();
  const quote = value[0];
  if (quote === '"' || quote === "'") {
    const end = value.indexOf(quote, 1);
    return end === -1 ? value.slice(1) : value.slice(1, end);
  }
  const comment = value.search(/[ \t][#;]/);
  return comment === -1 ? value : value.slice(0, comment).trimEnd();
}

function named(found: Iterable<ProxySetting>): ProxySetting[] {
  return [...found].filter(({ value }) => isProxy(value)).slice(0, MOST_FOUND);
}
