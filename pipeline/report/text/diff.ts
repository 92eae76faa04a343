import { plain } from '../../core/escape/terminal.ts';
import { bytes } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { hanging, padded, widthOf } from '../../core/text/width.ts';
import type { ImageDiff } from '../../image/diff/compare.ts';
import { notCompared, notRead, verdict } from '../../image/diff/phrases.ts';
import { type Row, type Sign, sections } from '../../image/diff/sections.ts';

/** Rows of sizes that are shown; --json has all. */
const MOST_SIZES = 20;

/** Columns of a name beside its values. */
const LONGEST_NAME = 40;

const SIGNS: Record<Sign, string> = { added: '+', removed: '-', up: '↑', down: '↓', changed: '~' };

/** A comparison for a terminal. */
export function diffText(diff: ImageDiff, color: Paint): string {
  const { changed, same } = sections(diff);
  const lines = [side('A', diff.a, color), side('B', diff.b, color), ''];
  for (const { title, summary, rows } of changed) {
    const shown = title === 'Files' || title === 'Directories' ? rows.slice(0, MOST_SIZES) : rows;
    // A longer name has its values behind it; it does not push those of the others away.
    const most = Math.min(LONGEST_NAME, Math.floor(color.width / 2));
    const width = Math.max(0, ...shown.map(({ name }) => widthOf(plain(name))).filter((one) => one <= most));
    lines.push(
      hanging(`${color.bold(title)}: `, summary, color),
      ...shown.map((row) => line(row, width, color)),
    );
    if (shown.length < rows.length) lines.push(color.dim(`  … ${rows.length - shown.length} more`));
    lines.push('');
  }
  if (!diff.different) lines.push(color.green(verdict(diff)));
  if (diff.different && same.length > 0)
    lines.push(hanging('', `The same: ${same.join(', ')}`, color, color.dim));
  const trusted = notRead(diff);
  if (trusted !== null) lines.push(hanging('', plain(trusted), color, color.dim));
  for (const line of notCompared(diff)) lines.push(hanging('', plain(line), color, color.yellow));
  return lines.join('\n').trimEnd();
}

function side(letter: string, of: ImageDiff['a'], color: Paint): string {
  const details = [
    of.version && `version ${of.version}`,
    of.date,
    of.size !== undefined && bytes(of.size),
    of.sha256 && `sha256 ${of.sha256.slice(0, 12)}`,
  ];
  return hanging(
    `${color.bold(letter)}  `,
    `${plain(of.name)}  ${plain(details.filter(Boolean).join(', '))}`,
    color,
  );
}

function line({ sign, name, before, after }: Row, width: number, color: Paint): string {
  const shade = {
    added: color.green,
    removed: color.red,
    up: color.cyan,
    down: color.yellow,
    changed: color.cyan,
  };
  const values = before && after ? `${before} → ${after}` : before || after;
  const mark = `  ${shade[sign](SIGNS[sign])} `;
  const shown = plain(name);
  return widthOf(shown) > width
    ? hanging(mark, `${shown}  ${plain(values)}`, color)
    : hanging(`${mark}${padded(shown, width)}  `, plain(values), color);
}
