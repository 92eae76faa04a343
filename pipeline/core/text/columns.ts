import { plain } from '../escape/terminal.ts';
import type { Paint } from './paint.ts';
import { hanging, padded, pairs, widthOf, wrapped } from './width.ts';

export interface Column {
  head: string;
  /** Its cells may take several lines. */
  wrap?: boolean;
  /** Left out where there is no room for all; the highest number goes first. */
  spare?: number;
}

type Rows = readonly (readonly string[])[];

const GAP = 2;
/** A word is not broken in a cell that has this width. */
const LONGEST_WORD = 32;

/**
 * Rows below a head, columns as wide as their widest cell, as far as the terminal is. In a narrow one cells that may take
 * several lines do, then columns that may be left out are; where the rest has no room yet, each row becomes a block of lines.
 */
export function columns(head: readonly (string | Column)[], rows: Rows, paint: Paint): string {
  const all = head.map((column): Column => (typeof column === 'string' ? { head: column } : column));
  const cells = rows.map((row) => row.map(plain));
  const out = [...all.keys()].filter((at) => all[at]?.spare !== undefined);
  out.sort((a, b) => (all[b]?.spare ?? 0) - (all[a]?.spare ?? 0));
  for (let left = 0; left <= out.length; left++) {
    const shown = [...all.keys()].filter((at) => !out.slice(0, left).includes(at));
    const picked = shown.map((at) => all[at] as Column);
    const text = table(
      picked,
      cells.map((row) => shown.map((at) => row[at] ?? '')),
      paint,
    );
    if (text !== null)
      return [
        text,
        ...leftOut(
          out.slice(0, left).map((at) => all[at]?.head ?? ''),
          paint,
        ),
      ].join('\n');
  }
  return cells
    .map((row) =>
      pairs(
        all.map(({ head }, at) => [head, row[at] ?? '']),
        paint,
        { gap: GAP },
      ),
    )
    .join('\n\n');
}

function table(head: readonly Column[], rows: Rows, paint: Paint): string | null {
  const widths = fitted(head, rows, paint.width);
  if (!widths) return null;
  const lines = [head.map((column) => column.head), ...rows].map((row) =>
    row.map((cell, at) => wrapped(cell, widths[at] as number)),
  );
  return lines
    .map((cells, at) => {
      const height = Math.max(...cells.map((cell) => cell.length));
      const text = Array.from({ length: height }, (_, line) =>
        cells
          .map((cell, column) => padded(cell[line] ?? '', widths[column] as number))
          .join(' '.repeat(GAP))
          .trimEnd(),
      ).join('\n');
      return at === 0 ? paint.bold(text) : text;
    })
    .join('\n');
}

/** The columns' widths, or null where the table does not fit. The widest that may wrap gives first. */
function fitted(head: readonly Column[], rows: Rows, width: number): number[] | null {
  const widest = (at: number, of: (text: string) => number) =>
    Math.max(widthOf(head[at]?.head ?? ''), ...rows.map((row) => of(row[at] ?? '')));
  const widths = head.map(({ wrap }, at) =>
    wrap ? Math.min(width, widest(at, widthOf)) : widest(at, widthOf),
  );
  const least = head.map(({ wrap }, at) => (wrap ? widest(at, longestWord) : (widths[at] as number)));
  let over = widths.reduce((sum, one) => sum + one, GAP * (head.length - 1)) - width;
  for (; over > 0; over--) {
    const giving = [...widths.keys()].filter((at) => (widths[at] as number) > (least[at] as number));
    if (giving.length === 0) return null;
    const widestOne = giving.reduce((a, b) => ((widths[b] as number) > (widths[a] as number) ? b : a));
    (widths[widestOne] as number)--;
  }
  return widths;
}

const longestWord = (text: string) => Math.min(LONGEST_WORD, Math.max(...text.split(' ').map(widthOf)));

function leftOut(heads: readonly string[], paint: Paint): string[] {
  return heads.length === 0
    ? []
    : [hanging('', `Not shown at this width: ${heads.join(', ')}; --json has all.`, paint, paint.dim)];
}
