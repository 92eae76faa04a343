import { significantLines } from './lines.ts';

export interface AptSource {
  line: number;
  types: string[];
  uris: string[];
  suites: string[];
  /** Options in lower case: trusted, arch, signed-by, … */
  options: Record<string, string>;
  text: string;
}

/** Enabled sources of a `.list` file, the one-line form of sources.list(5). */
export function parseSourcesList(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const { line, text: entry } of significantLines(text)) {
    const match = /^(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(.*)$/.exec(entry.replace(/\s#.*$/, ''));
    if (!match) continue;
    const options: Record<string, string> = {};
    for (const option of (match[2] ?? '').split(/\s+/)) {
      const equals = option.indexOf('=');
      if (equals > 0)
        options[option.slice(0, equals).replace(/[+-]$/, '').toLowerCase()] = option.slice(equals + 1);
    }
    const rest = /^(\[[^\]]*\]\S*|\S+)\s*(\S*)/.exec(match[3]!.replace(/^cdrom:\[[^\]]*\]/, 'cdrom:'));
    if (!rest) continue;
    sources.push({
      line,
      types: [match[1]!],
      uris: [rest[1]!],
      suites: rest[2] ? [rest[2]] : [],
      options,
      text: entry,
    });
  }
  return sources;
}

/** Enabled sources of a `.sources` file, the deb822 form. */
export function parseDeb822Sources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  const lines = text.split('\n');
  let fields: Record<string, string> = {};
  let first = 0;
  let last = '';
  const close = () => {
    const words = (name: string) => (fields[name] ?? '').split(/\s+/).filter(Boolean);
    if (words('uris').length > 0 && !/^(no|false|0|without|off|disable)$/i.test(fields.enabled ?? 'yes'))
      sources.push({
        line: first,
        types: words('types'),
        uris: words('uris'),
        suites: words('suites'),
        options: fields,
        text: `URIs: ${fields.uris}${fields.trusted === undefined ? '' : ` Trusted: ${fields.trusted}`}`,
      });
    fields = {};
    last = '';
  };
  for (const [i, raw] of lines.entries()) {
    const line = raw.replace(/\r$/, '');
    if (line.startsWith('#')) continue;
    if (line.trim() === '') {
      close();
      continue;
    }
    const field = /^([A-Za-z][A-Za-z0-9-]*)\s*:\s*(.*)$/.exec(line);
    if (field) {
      if (Object.keys(fields).length === 0) first = i + 1;
      last = field[1]!.toLowerCase();
      fields[last] = field[2]!.trim();
    } else if (/^[ \t]/.test(line) && last) fields[last] = `${fields[last]} ${line.trim()}`.trim();
  }
  close();
  return sources;
}

/** Why nobody but the build could use a source, or null. */
export function unusableSource(source: AptSource): string | null {
  for (const uri of source.uris) {
    if (/^(cdrom|file|copy):/i.test(uri)) return `${uri.split(':')[0]}: is on the build machine only`;
    const host = /^[a-z+]+:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)/i.exec(uri)?.[1]?.toLowerCase() ?? '';
    if (/^(localhost|127(\.\d+){1,3}|\[::1\]|10\.0\.2\.\d+)$/.test(host))
      return `${host} is the build machine`;
  }
  if (/^(yes|true|1|with|on|enable)$/i.test(source.options.trusted ?? ''))
    return 'trusted=yes takes packages that nobody signed';
  return null;
}
