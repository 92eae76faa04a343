import { cell } from '../../../core/escape/markdown.ts';
import { bytes } from '../../../core/text/human.ts';
import type { ImageDiff } from '../compare.ts';
import { sections } from '../sections.ts';
import { notCompared, verdict } from './text.ts';

/** A comparison as Markdown: for a merge request, a job summary or release notes. */
export function diffMarkdown(diff: ImageDiff): string {
  const { changed, same } = sections(diff);
  const lines = [`## ${cell(diff.a.name)} → ${cell(diff.b.name)}`, '', '| | A | B |', '|---|---|---|'];
  const row = (title: string, of: (side: ImageDiff['a']) => string | undefined) => {
    if (of(diff.a) || of(diff.b)) lines.push(`| ${title} | ${of(diff.a) ?? ''} | ${of(diff.b) ?? ''} |`);
  };
  row('version', (side) => side.version && cell(side.version));
  row('date', (side) => side.date && cell(side.date));
  row('size', (side) => (side.size === undefined ? undefined : bytes(side.size)));
  row('sha256', (side) => side.sha256 && `\`${side.sha256.replace(/[^0-9a-f]/gi, '')}\``);
  lines.push('');
  for (const { title, summary, rows } of changed) {
    lines.push(`### ${cell(title)}: ${cell(summary)}`, '', '| | | before | after |', '|---|---|---|---|');
    for (const { word, name, before, after } of rows)
      lines.push(`| ${cell(word)} | ${cell(name)} | ${cell(before)} | ${cell(after)} |`);
    lines.push('');
  }
  if (!diff.different) lines.push(`**${verdict(diff)}.**`, '');
  if (diff.different && same.length > 0) lines.push(`The same: ${same.join(', ')}.`, '');
  for (const line of notCompared(diff)) lines.push(`${cell(line)}.`, '');
  return `${lines.join('\n').trimEnd()}\n`;
}
