import type { NumberedLine } from './lines.ts';

/** Settings of apt.conf(5) that send apt through a proxy, in the one-line form and inside blocks; DIRECT is none. */
export function aptProxies(text: string): NumberedLine[] {
  // Comments first: `//` and `#` to the end of the line, but not the `//` of a URL.
  return text
    .split('\n')
    .map((raw, i) => ({ line: i + 1, text: raw.replace(/\r$/, '').trim() }))
    .filter(({ text: line }) => {
      if (/^(#(?!clear)|\/\/)/.test(line)) return false;
      const value = /\bProxy(?:-Auto-Detect)?(?:::[^\s"]*)?\s+"([^"]*)"/i.exec(line)?.[1];
      return value !== undefined && value !== '' && !/^(DIRECT|false)$/i.test(value);
    });
}
