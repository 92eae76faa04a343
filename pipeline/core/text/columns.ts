import { plain } from '../escape/terminal.ts';
import type { Paint } from './paint.ts';

/** Rows below a head, columns as wide as their widest cell. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[], color: Paint): string {
  const all = [head, ...rows.map((row) => row.map(plain))];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .map((line, at) => (at === 0 ? color.bold(line) : line))
    .join('\n');
}
