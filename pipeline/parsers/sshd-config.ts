import { significantLines } from './lines.ts';

export interface SshdLine {
  line: number;
  /** In lower case, as sshd compares it. */
  keyword: string;
  value: string;
  /** The criteria of the Match block that it stands in; null before any. */
  match: string | null;
}

/** The settings of one file of sshd_config(5), in order. */
export function parseSshdConfig(text: string): SshdLine[] {
  const settings: SshdLine[] = [];
  let match: string | null = null;
  for (const { line, text: setting } of significantLines(text)) {
    const parts = /^([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+)(.*)$/.exec(setting);
    if (!parts) continue;
    const keyword = parts[1]!.toLowerCase();
    const value = parts[2]!
      .replace(/\s+#.*$/, '')
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (keyword === 'match') match = value.toLowerCase() === 'all' ? null : value;
    else settings.push({ line, keyword, value, match });
  }
  return settings;
}

export interface SshdSetting extends SshdLine {
  file: string;
}

const MOST_INCLUDES = 64;

/**
 * What sshd goes by: the settings of the main file with every Include in its place. The first value of a keyword outside Match
 * blocks is the one in force; those inside Match blocks are kept too, for they open the door to some.
 * @param files content by path without a leading slash
 */
export function effectiveSshd(
  files: ReadonlyMap<string, string>,
  main = 'etc/ssh/sshd_config',
): SshdSetting[] {
  const settings: SshdSetting[] = [];
  const inForce = new Set<string>();
  let reads = 0;
  const read = (file: string, outer: string | null, open: readonly string[]) => {
    const text = files.get(file);
    reads += 1;
    if (text === undefined || open.includes(file) || reads > MOST_INCLUDES) return;
    for (const setting of parseSshdConfig(text)) {
      const match = setting.match ?? outer;
      if (setting.keyword === 'include') {
        for (const pattern of setting.value.split(/\s+/))
          for (const included of matching(files, pattern)) read(included, match, [...open, file]);
        continue;
      }
      if (match === null) {
        if (inForce.has(setting.keyword)) continue;
        inForce.add(setting.keyword);
      }
      settings.push({ ...setting, match, file });
    }
  };
  read(main, null, []);
  return settings;
}

/** Files a pattern of Include names, in the order sshd reads them; relative ones lie in /etc/ssh. */
function matching(files: ReadonlyMap<string, string>, pattern: string): string[] {
  const bare = pattern.replace(/^"(.*)"$/, '$1');
  const path = bare.startsWith('/') ? bare.slice(1) : `etc/ssh/${bare}`;
  const wanted = path.split('/');
  const fits = (file: string) => {
    const parts = file.split('/');
    return parts.length === wanted.length && wanted.every((part, i) => matches(part, parts[i]!));
  };
  return [...files.keys()].filter(fits).sort();
}

/** glob(7) with `*` and `?`. No regular expression: one of many stars would take for ever on a long name, and both are the image's. */
function matches(pattern: string, name: string): boolean {
  let [p, n] = [0, 0];
  let star = -1;
  let taken = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      taken = n;
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      // Only the last star can have to take more.
      p = star + 1;
      n = ++taken;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(p));
}
