import { plain } from '../../core/escape/terminal.ts';
import type { Paint } from '../../core/text/paint.ts';
import { hanging, padded, widthOf } from '../../core/text/width.ts';
import { planText } from '../../report/text/plan-text.ts';
import type { PlannedImage } from '../plan.ts';
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
} from './phrases.ts';

/** The night for a terminal: a line an image, below it what one would ask next. */
export function nightText(night: Night, folder: string, color: Paint): string {
  const shade = { built: color.green, updated: color.green, unchanged: color.dim, failed: color.red };
  const width = Math.max(...night.images.map(({ image }) => widthOf(image)));
  const lines = night.images.flatMap((image) => [
    hanging(
      `${color.bold(padded(image.image, width))}  ${shade[image.status](image.status.padEnd(9))}  `,
      plain(why(image)),
      color,
    ),
    ...details(image).map((line) => hanging(' '.repeat(width + 2), plain(line), color, color.dim)),
  ]);
  for (const { target, deleted, failure } of night.pruned) {
    if (failure) lines.push(hanging('', `pruning ${target}: ${plain(failure.message)}`, color, color.red));
    else if (deleted.length > 0)
      lines.push(hanging(`pruned on ${target}: `, plain(deleted.join(', ')), color));
  }
  return [
    ...lines,
    '',
    `${color.bold(WORDS[night.outcome])}: ${counts(night)}`,
    hanging('summary   ', plain(folder), color),
  ].join('\n');
}

function details(image: ImageNight): string[] {
  if (image.status === 'unchanged') return [];
  const checks = checksPhrase(image);
  return [
    [sizePhrase(image), checks && `checks: ${checks}`, took(image)].filter(Boolean).join(', '),
    ...(image.failure?.hint ? [`hint: ${image.failure.hint}`] : []),
    ...acceptancePhrases(image),
    ...changePhrases(image.changes),
    ...image.promoted.map(({ target, name, note }) => `${target}: ${name} ${note}`),
  ].filter(Boolean);
}

/** The text of --dry-run. */
export function planNightText(plans: readonly PlannedImage[], after: string[], color: Paint): string {
  const blocks = plans.map((plan) => {
    if (plan.failure)
      return [
        hanging('', `${plan.image} would fail: ${plain(plan.failure.message)}`, color, color.red),
        ...(plan.failure.hint ? [hanging('', plain(plan.failure.hint), color)] : []),
      ].join('\n');
    return planText(plan.image, plan.stages, color);
  });
  return [...blocks, after.map((line) => hanging('', plain(line), color)).join('\n')]
    .filter(Boolean)
    .join('\n\n');
}
