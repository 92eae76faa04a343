import { createRequire } from 'node:module';
import type { Paint } from './paint.ts';

/** Sequences that a cut must not divide: a character that `visible` spelled out, or a line end that `plain` did. */
const SPELLED = /\\u[0-9a-f]{4}|\\n/;
/** Texts whose characters take a column each: ASCII, Latin letters, and the marks of our own messages. */
const SIMPLE = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2010-\u2027\u2190-\u2193]*$/;
let stringWidth: ((text: string) => number) | undefined;
let graphemes: Intl.Segmenter | undefined;

/** Columns that a text takes in a terminal; colours take none. */
export function widthOf(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  // Here and not above: it takes 7 MB and as much time as the rest of a command, and few texts need it.
  stringWidth ??= (createRequire(import.meta.url)('string-width') as { default: (text: string) => number })
    .default;
  return stringWidth(text);
}

/** A text without colours, in at most so many columns: an ellipsis stands for what was cut. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width < 1 ? '' : `${fitting(units(text), width - 1)}…`;
}

/** A text without colours, with blanks up to a width. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** A text without colours as lines of at most so many columns, broken at blanks; a longer word is broken where it must be. */
export function wrapped(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const lines: string[] = [];
  let line: string | null = null;
  for (const word of text.split(' ')) {
    if (line !== null && widthOf(line) + 1 + widthOf(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== null) lines.push(line.trimEnd());
    const pieces = broken(word, width);
    line = pieces.pop() as string;
    lines.push(...pieces);
  }
  return [...lines, line ?? ''];
}

/**
 * A text behind a prefix, its further lines below its first.
 * @param prefix may be coloured
 * @param text without colours
 * @param shade colours each line of the text
 */
export function hanging(
  prefix: string,
  text: string,
  { width }: Pick<Paint, 'width'>,
  shade: (line: string) => string = (line) => line,
): string {
  const indent = widthOf(prefix);
  // A narrow terminal has no room beside a long prefix.
  if (width - indent < LEAST && widthOf(text) > width - indent && indent > INDENT)
    return [
      prefix.trimEnd(),
      ...wrapped(text, Math.max(LEAST, width - INDENT)).map((line) => `${' '.repeat(INDENT)}${shade(line)}`),
    ].join('\n');
  return (
    prefix +
    wrapped(text, Math.max(LEAST, width - indent))
      .map(shade)
      .join(`\n${' '.repeat(indent)}`)
  );
}

const LEAST = 16;
const INDENT = 4;

/** Names and values, the values below each other. */
export function pairs(
  rows: readonly (readonly [name: string, value: string])[],
  paint: Paint,
  { indent = 0, gap = 1, least = 0, names = 'bold' as 'bold' | 'plain' } = {},
): string {
  const width = Math.max(least, ...rows.map(([name]) => widthOf(name)));
  return rows
    .map(([name, value]) =>
      hanging(
        `${' '.repeat(indent)}${names === 'bold' ? paint.bold(padded(name, width)) : padded(name, width)}${' '.repeat(gap)}`,
        value,
        paint,
      ),
    )
    .join('\n');
}

function* units(text: string): Generator<string> {
  for (const part of text.split(new RegExp(`(${SPELLED.source})`)))
    if (SPELLED.test(part)) yield part;
    else {
      graphemes ??= new Intl.Segmenter();
      for (const { segment } of graphemes.segment(part)) yield segment;
    }
}

/** As much as fits, from the front. */
function fitting(parts: Iterable<string>, width: number): string {
  let text = '';
  let used = 0;
  for (const part of parts) {
    used += widthOf(part);
    if (used > width) break;
    text += part;
  }
  return text;
}

function broken(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const unit of units(word)) {
    const more = widthOf(unit);
    if (piece !== '' && used + more > width) {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += unit;
    used += more;
  }
  return [...pieces, piece];
}
