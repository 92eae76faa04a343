import { cell, table } from '../../core/escape/markdown.ts';
import { bytes } from '../../core/text/human.ts';
import type { ImageDiff } from '../../image/diff/compare.ts';
import { notCompared, verdict } from '../../image/diff/phrases.ts';
import { sections } from '../../image/diff/sections.ts';

/** A comparison as Markdown: for a merge request, a job summary or release notes. */
export function diffMarkdown(diff: ImageDiff): string {
  const { changed, same } = sections(diff);
  const row = (title: string, of: (side: ImageDiff['a']) => string | undefined) =>
    of(diff.a) || of(diff.b) ? [[title, of(diff.a) ?? '', of(diff.b) ?? '']] : [];
  const sides = [
    ...row('version', (side) => side.version && cell(side.version)),
    ...row('date', (side) => side.date && cell(side.date)),
    ...row('size', (side) => (side.size === undefined ? undefined : bytes(side.size))),
    ...row('sha256', (side) => side.sha256 && cell(side.sha256)),
  ];
  const lines = [`## ${cell(diff.a.name)} → ${cell(diff.b.name)}`, '', ...table(['', 'A', 'B'], sides), ''];
  for (const { title, summary, rows } of changed) {
    const cells = rows.map(({ word, name, before, after }) => [word, name, before, after].map(cell));
    lines.push(`### ${cell(title)}: ${cell(summary)}`, '', ...table(['', '', 'before', 'after'], cells), '');
  }
  if (!diff.different) lines.push(`**${verdict(diff)}.**`, '');
  if (diff.different && same.length > 0) lines.push(`The same: ${same.join(', ')}.`, '');
  for (const line of notCompared(diff)) lines.push(`${cell(line)}.`, '');
  return `${lines.join('\n').trimEnd()}\n`;
}
