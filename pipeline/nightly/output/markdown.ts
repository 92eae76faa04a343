import { cell, fenced, table } from '../../core/escape/markdown.ts';
import { duration } from '../../core/text/human.ts';
import type { ImageNight, Night } from '../types.ts';
import {
  acceptancePhrases,
  changePhrases,
  checksPhrase,
  counts,
  sizePhrase,
  took,
  WORDS,
  why,
  wrongPhrase,
} from './phrases.ts';

const MARK = { built: '🆕', updated: '⬆️', unchanged: '✅', failed: '❌' } as const;
/** Rows of one part; the page has more. */
const MOST_ROWS = 30;
/** Lines of what a tool said. */
const MOST_LINES = 20;

/** The night as Markdown: for a job's summary, a chat, a mail. */
export function nightMarkdown(night: Night): string {
  const since = night.since ? ` Compared with the night of ${night.since.startedAt.slice(0, 10)}.` : '';
  const lines = [
    `## ${night.outcome === 'broken' ? '❌' : '✅'} ${WORDS[night.outcome]}: ${counts(night)}`,
    '',
    `Night of ${night.startedAt.slice(0, 16).replace('T', ' ')} UTC, ${duration(night.seconds)}.${since}`,
    '',
    ...table(
      ['', 'image', '', 'size', 'checks', 'time'],
      night.images.map((image) => [
        `${MARK[image.status]} ${image.status}`,
        `**${cell(image.image)}**`,
        cell(why(image)),
        sizePhrase(image),
        cell(checksPhrase(image)),
        took(image),
      ]),
    ),
    '',
    ...night.images.flatMap(one),
    ...pruned(night),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function one(image: ImageNight): string[] {
  const { failure, changes, promoted } = image;
  const lines: string[] = [];
  if (failure?.hint) lines.push(`**What to do:** ${cell(failure.hint)}`, '');
  if (failure?.detail) lines.push(...fenced(failure.detail, MOST_LINES), '');
  for (const check of changes?.newlyFailing ?? [])
    lines.push(
      `- newly failing (${check.severity}): **${cell(wrongPhrase(check))}** (check: ${cell(check.title)})`,
    );
  for (const check of changes?.fixed ?? []) lines.push(`- fixed: **${cell(check.title)}**`);
  for (const phrase of acceptancePhrases(image)) lines.push(`- ${cell(phrase)}`);
  for (const { target, name, note } of promoted) lines.push(`- ${cell(`${name} on ${target} ${note}`)}`);
  if (lines.length > 0 && lines.at(-1) !== '') lines.push('');
  for (const section of changes?.sections ?? []) {
    lines.push(
      `<details><summary>${cell(section.title)}: ${cell(section.summary)}</summary>`,
      '',
      ...table(
        ['', '', 'before', 'after'],
        section.rows
          .slice(0, MOST_ROWS)
          .map(({ word, name, before, after }) => [word, name, before, after].map(cell)),
      ),
      '',
    );
    const more = section.more + Math.max(0, section.rows.length - MOST_ROWS);
    if (more > 0) lines.push(`And ${more} more.`, '');
    lines.push('</details>', '');
  }
  if (changes?.sameContent && image.status === 'built')
    lines.push(`${cell(changePhrases(changes)[0] ?? '')}.`, '');
  return lines.length > 0 ? [`### ${cell(image.image)}`, '', ...lines] : [];
}

function pruned({ pruned }: Night): string[] {
  return pruned.flatMap(({ target, deleted, failure }) => {
    if (failure) return [`Pruning ${cell(target)} failed: ${cell(failure.message)}`, ''];
    return deleted.length > 0 ? [`Pruned on ${cell(target)}: ${deleted.map(cell).join(', ')}.`, ''] : [];
  });
}
