import { plain } from '../../core/escape/terminal.ts';
import type { Event } from '../../core/events/event.ts';
import { bytes, duration } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { cut, hanging, widthOf } from '../../core/text/width.ts';
import { machineLine } from './machine-lines.ts';

/** Columns of a label that stay whatever the numbers take. */
const LEAST_LABEL = 12;

/**
 * The lasting line an event leaves in a log, or undefined for those that only move a live line.
 * @param named whether a stage's line names its image: several run at the same time
 */
export function lineOf(event: Event, color: Paint, named = false): string | undefined {
  const of = named && 'image' in event ? `${color.bold(event.image)} ` : '';
  switch (event.type) {
    case 'stage-start':
      return `${color.cyan('▸')} ${of}${color.bold(event.stage.padEnd(8))} ${color.dim(plain(event.reason))}`;
    case 'stage-fresh':
      return `${color.dim('·')} ${of}${event.stage.padEnd(8)} ${color.dim(event.fromStore ? 'fresh, from the store' : 'fresh')}`;
    case 'stage-end':
      return `${color.green('✓')} ${of}${color.bold(event.stage.padEnd(8))} ${plain(event.summary)} ${color.dim(duration(event.seconds))}`;
    case 'stage-failed':
      return `${color.red('✗')} ${of}${color.bold(event.stage.padEnd(8))} ${color.dim(duration(event.seconds))}`;
    case 'notice': {
      const mark = event.level === 'warning' ? color.yellow('warning:') : color.dim('note:');
      return [
        hanging(`${mark} `, plain(event.message), color),
        ...(event.detail?.split('\n').map((line) => hanging('  ', plain(line), color)) ?? []),
        ...(event.hint ? [hanging('  ', plain(event.hint), color, color.dim)] : []),
      ].join('\n');
    }
    case 'machine-state':
      return machineLine(event, color);
    default:
      return undefined;
  }
}

/**
 * One moment of a measurable advance: "12 MB of 400 MB (3 %), 3.0 MB/s, 2 min left".
 * @param rate in units a second
 * @param room columns; a label that leaves none for the numbers is cut, and of the numbers the last are left out where both do not fit
 */
export function progressText(
  event: Extract<Event, { type: 'progress' }>,
  rate: number,
  room = Number.POSITIVE_INFINITY,
): string {
  const amount = (n: number) => (event.unit === 'bytes' ? bytes(n) : String(n));
  const percent = event.total ? `${Math.floor((event.done / event.total) * 100)} %` : '';
  const parts = [amount(event.done) + (event.total ? ` of ${amount(event.total)} (${percent})` : '')];
  if (rate > 0 && event.unit === 'bytes') parts.push(`${bytes(rate)}/s`);
  if (rate > 0 && event.total && event.done < event.total)
    parts.push(`${duration((event.total - event.done) / rate)} left`);
  if (event.note) parts.push(plain(event.note));
  const label = plain(event.label);
  const least = Math.min(LEAST_LABEL, widthOf(label));
  const fits = () => least + 2 + widthOf(parts.join(', ')) <= room;
  while (parts.length > 1 && !fits()) parts.pop();
  const numbers = percent === '' || fits() ? parts.join(', ') : percent;
  return `${cut(label, Math.max(LEAST_LABEL, room - widthOf(numbers) - 2))}: ${numbers}`;
}
