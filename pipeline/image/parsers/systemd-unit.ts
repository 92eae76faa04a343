/** `Key=value` of a unit file, with the section it stands in. */
export interface UnitSetting {
  line: number;
  section: string;
  key: string;
  value: string;
}

/** The settings of a unit file or drop-in by systemd.syntax(7): continued lines joined, `#` and `;` comments left out, also within those. */
export function parseUnit(text: string): UnitSetting[] {
  const settings: UnitSetting[] = [];
  let section = '';
  let parts: string[] = [];
  let first = 0;
  const end = () => {
    const said = parts.join(' ').trim();
    parts = [];
    if (said.startsWith('[')) section = said.slice(1, said.endsWith(']') ? -1 : undefined);
    const cut = said.indexOf('=');
    if (cut > 0 && !said.startsWith('['))
      settings.push({
        line: first,
        section,
        key: said.slice(0, cut).trim(),
        value: said.slice(cut + 1).trim(),
      });
  };
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line.startsWith('#') || line.startsWith(';')) continue;
    if (parts.length === 0) first = i + 1;
    const continued = line.endsWith('\\');
    parts.push(continued ? line.slice(0, -1) : line);
    if (!continued) end();
  }
  end();
  return settings;
}

/** Words of a value as systemd splits them: blanks, both quotes, and a backslash before any character. */
export function unitWords(text: string): string[] {
  const words: string[] = [];
  let word: string[] | null = null;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    const blank = char === ' ' || char === '\t' || char === '\n' || char === '\r';
    if (quote === '' && blank) {
      if (word) words.push(word.join(''));
      word = null;
      continue;
    }
    word ??= [];
    if (char === '\\' && at + 1 < text.length) {
      at += 1;
      word.push(text[at]!);
    } else if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else word.push(char);
  }
  if (word) words.push(word.join(''));
  return words;
}
