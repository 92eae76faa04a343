import { plain } from '../../core/escape/terminal.ts';
import { bytes, duration } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { pairs } from '../../core/text/width.ts';
import type { ChannelUpdate } from './promote.ts';
import type { TargetResult } from './to-targets.ts';

/** The result of an upload, one block for each target. */
export function uploadSummary(results: readonly TargetResult[], color: Paint): string {
  return results
    .map((result) => {
      const rate = result.seconds > 0 ? `, ${bytes(result.sent / result.seconds)}/s` : '';
      const how = result.skipped
        ? 'already complete, nothing sent'
        : `${bytes(result.sent)} sent in ${duration(result.seconds)}${rate}`;
      const rows: [string, string][] = [
        ['image', result.name],
        ['target', `${result.target} (MAAS ${result.maasVersion})`],
        ['resource', `${result.resourceId}, set ${result.set}`],
        ['sha256', result.sha256],
        ['size', `${bytes(result.size)} (${result.size} bytes)`],
        ['upload', how],
      ];
      return pairs(
        rows.map(([name, value]) => [name, plain(value)]),
        color,
        { least: 9 },
      );
    })
    .join('\n\n');
}

/** The image that a channel points to now, one line for each target. */
export function channelUpdateSummary(moved: readonly ChannelUpdate[]): string {
  return moved
    .map(
      ({ target, name, of, skipped }) =>
        `${target}: ${plain(name)} ${skipped ? 'already has' : 'now has'} ${plain(of)}`,
    )
    .join('\n');
}
