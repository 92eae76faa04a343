/** A line of a file with its number, from 1. */
export interface NumberedLine {
  line: number;
  text: string;
}

/** Lines that say something: comments (`#`) and empty ones left out, `\`-continued ones joined under their first number. */
export function significantLines(text: string, options: { continued?: boolean } = {}): NumberedLine[] {
  const lines: NumberedLine[] = [];
  const raw = text.split('\n');
  for (let i = 0; i < raw.length; i++) {
    const line = i + 1;
    let whole = raw[i]!.replace(/\r$/, '');
    while (options.continued && whole.endsWith('\\') && i + 1 < raw.length) {
      i += 1;
      whole = `${whole.slice(0, -1)} ${raw[i]!.replace(/\r$/, '')}`;
    }
    const trimmed = whole.trim();
    if (trimmed !== '' && !trimmed.startsWith('#')) lines.push({ line, text: trimmed });
  }
  return lines;
}
