/** A line of a file with its number, from 1. */
export interface NumberedLine {
  line: number;
  text: string;
}

/** The lines of a text one after the other: an array of millions of short lines costs far more memory than the text. */
export function* linesOf(text: string): Generator<string> {
  for (let at = 0; at <= text.length; ) {
    const end = text.indexOf('\n', at);
    yield text.slice(at, end === -1 ? text.length : end);
    at = end === -1 ? text.length + 1 : end + 1;
  }
}

/** All lines; with `continued`, those that end in a backslash joined with the next under their first number. */
export function numberedLines(text: string, options: { continued?: boolean } = {}): NumberedLine[] {
  const lines: NumberedLine[] = [];
  const raw = text.split('\n');
  for (let i = 0; i < raw.length; i++) {
    const line = i + 1;
    // Joined once at the end: a file may be nothing but backslashes.
    const parts = [raw[i]!.replace(/\r$/, '')];
    while (options.continued && parts.at(-1)!.endsWith('\\') && i + 1 < raw.length) {
      i += 1;
      parts.push(parts.pop()!.slice(0, -1), raw[i]!.replace(/\r$/, ''));
    }
    lines.push({ line, text: parts.join(' ').trim() });
  }
  return lines;
}

/** Lines that say something: comments (`#`) and empty ones left out. */
export function significantLines(text: string, options: { continued?: boolean } = {}): NumberedLine[] {
  return numberedLines(text, options).filter((line) => line.text !== '' && !line.text.startsWith('#'));
}
