import { plain } from '../../core/escape/terminal.ts';
import type { Paint } from '../../core/text/paint.ts';
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
  const width = Math.max(...night.images.map(({ image }) => image.length));
  const lines = night.images.flatMap((image) => [
    `${color.bold(image.image.padEnd(width))}  ${shade[image.status](image.status.padEnd(9))}  ${plain(why(image))}`,
    ...details(image).map((line) => `${' '.repeat(width + 2)}${color.dim(plain(line))}`),
  ]);
  for (const { target, deleted, failure } of night.pruned) {
    if (failure) lines.push(color.red(`pruning ${target}: ${plain(failure.message)}`));
    else if (deleted.length > 0) lines.push(`pruned on ${target}: ${deleted.join(', ')}`);
  }
  return [...lines, '', `${color.bold(WORDS[night.outcome])}: ${counts(night)}`, `summary   ${folder}`].join(
    '\n',
  );
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

/** What --dry-run says. */
export function planNightText(plans: readonly PlannedImage[], after: string[], color: Paint): string {
  const blocks = plans.map((plan) => {
    if (plan.failure)
      return [color.red(`${plan.image} would fail: ${plain(plan.failure.message)}`), plan.failure.hint]
        .filter(Boolean)
        .join('\n');
    return planText(plan.image, plan.stages, color);
  });
  return [...blocks, after.join('\n')].filter(Boolean).join('\n\n');
}
