import type { AnySetting } from './setting.ts';

/** The default as the file would say it, or in words; undefined where there is none. */
export function defaultWords({ default: fallback, defaultText, kind }: AnySetting): string | undefined {
  if (defaultText !== undefined) return defaultText;
  if (fallback === undefined || fallback === null || fallback === '') return undefined;
  return typeof fallback === 'object' ? undefined : String(kind.write(fallback));
}

/** Help, details, a default that is not one fixed value, and what overrides the file. */
export function description({ help, details, defaultText, variable }: AnySetting): string {
  return sentences(
    help,
    details,
    defaultText && `Default: ${defaultText}.`,
    variable && `${variable} overrides it.`,
  );
}

/** As help of an option: `days for which … (default: as configured, else 14)`. */
export function flagHelp(row: AnySetting): string {
  const text = inMidSentence(row.help).replace(/\.$/, '');
  const fallback = defaultWords(row);
  return `${text} (default: as configured${fallback === undefined ? '' : `, else ${fallback}`})`;
}

/** A sentence that does not begin with a capital, unless that is the word's own. */
export function inMidSentence(text: string): string {
  return text.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
}

export function sentences(...parts: (string | false | undefined)[]): string {
  return parts.filter(Boolean).join(' ');
}
