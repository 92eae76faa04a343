/** Blanks of C's isspace. */
export function isBlank(c: string | undefined): boolean {
  return c === ' ' || c === '\t' || c === '\n' || c === '\r' || c === '\v' || c === '\f';
}

/** A text without the blanks at its ends; linear, and unlike trim() it leaves blanks outside ASCII alone. */
export function strip(text: string): string {
  let from = 0;
  let to = text.length;
  while (isBlank(text[from])) from += 1;
  while (isBlank(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

/**
 * One word as apt reads it from sources and settings: double quotes and [] hold blanks together, quotes are taken off, %XX is a byte.
 * @returns the word and where the next one starts; null when there is none, or a quote or bracket stays open
 */
export function quoteWord(text: string, at: number): { word: string; next: number } | null {
  let end = at;
  while (text[end] === ' ') end += 1;
  if (end >= text.length) return null;
  for (; end < text.length && !isBlank(text[end]); end++) {
    const closing = text[end] === '"' ? '"' : text[end] === '[' ? ']' : null;
    if (closing === null) continue;
    end = text.indexOf(closing, end + 1);
    if (end === -1) return null;
  }
  const word = text
    .slice(at, end)
    .replace(/%([0-9A-Fa-f]{2})|"/g, (_, hex?: string) =>
      hex ? String.fromCharCode(Number.parseInt(hex, 16)) : '',
    );
  while (isBlank(text[end])) end += 1;
  return { word, next: end };
}

/** A boolean of apt, whichever word stands for it; null when it is none of them. */
export function aptBoolean(value: string): boolean | null {
  if (/^(?:yes|true|with|on|enable|0*1|0x0*1)$/i.test(value)) return true;
  if (/^(?:no|false|without|off|disable|0+|0x0+)$/i.test(value)) return false;
  return null;
}
