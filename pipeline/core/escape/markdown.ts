import { visible } from './visible.ts';

/**
 * Text inside a line of Markdown, a table's cell too. What an image says must not become markup, HTML, a mention, a formula or
 * a link: GitHub makes links of bare URLs, `www.` and mail addresses too.
 */
export function cell(text: string): string {
  return visible(text)
    .replace(/[\\`*_[\]<>|~#!&$]/g, (c) => `\\${c}`)
    .replaceAll('@', '&#64;')
    .replaceAll('://', '&#58;//')
    .replace(
      /(www|mailto|xmpp)([.:])/gi,
      (_, word: string, mark: string) => `${word}&#${mark.charCodeAt(0)};`,
    )
    .replace(/\s+/g, ' ')
    .trim();
}

/** Our own text inside a table's cell: code in backticks stays code, in which only a bar is escaped. */
export function ownCell(text: string): string {
  return text
    .split('`')
    .map((part, i) => part.replace(i % 2 === 1 ? /\|/g : /[|<>*_[\]]/g, (c) => `\\${c}`))
    .join('`');
}

/** Text as a code span outside of tables. */
export function code(text: string): string {
  return `\`${visible(text).replaceAll('`', "'").replace(/\s+/g, ' ').trim()}\``;
}

/**
 * Lines of a tool's output as a block that they cannot close.
 * @param most lines, the last ones
 */
export function fenced(text: string, most: number): string[] {
  const lines = visible(text)
    .split('\n')
    .slice(-most)
    .map((line) => line.replaceAll('```', "'''"));
  return ['```text', ...lines, '```'];
}

/** A table; the cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}
