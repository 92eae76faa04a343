import { plain } from '../../core/escape/terminal.ts';
import { bytes, duration } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { hanging } from '../../core/text/width.ts';
import type { Acceptance } from '../../maas/acceptance/types.ts';
import { verdictTable } from './verdict.ts';

/** Results for a terminal: the checks as validation shows them, then where it was tried and what was kept. */
export function acceptanceText(results: readonly Acceptance[], dir: string, color: Paint): string {
  return results
    .map((one) => {
      const { machine, target, deployS, sshS, logs, released } = one;
      const times = [
        deployS === null ? '' : `deployed in ${duration(deployS)}`,
        sshS === null ? '' : `ssh after ${duration(sshS)}`,
        `${duration(one.seconds)} in all`,
      ].filter(Boolean);
      const kept = logs.filter(({ file }) => file !== null);
      const size = kept.reduce((sum, log) => sum + log.size, 0);
      return [
        verdictTable(one, one.verdict, color),
        hanging(
          `${color.bold(one.accepted ? color.green('ACCEPTED') : color.red('QUARANTINED'))} `,
          `on ${plain(machine.hostname)}${machine.address ? ` (${plain(machine.address)})` : ''} of ${plain(target)}: ${times.join(', ')}`,
          color,
        ),
        hanging('logs: ', plain(`${kept.length} files, ${bytes(size)}, in ${dir}/${target}/logs`), color),
        ...(released === 'released'
          ? []
          : [`${plain(machine.hostname)} is ${released === 'kept' ? 'kept' : 'NOT released'}`]),
      ].join('\n');
    })
    .join('\n\n');
}
