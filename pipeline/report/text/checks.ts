import type { Paint } from '../../core/text/paint.ts';
import { hanging } from '../../core/text/width.ts';
import type { Check } from '../../image/checks/types.ts';

/** All checks with their reasons, for a terminal. */
export function checkList(checks: readonly Check[], color: Paint): string {
  return checks
    .map((check) => {
      const shade =
        check.severity === 'blocker' ? color.red : check.severity === 'major' ? color.yellow : color.dim;
      return [
        `${String(check.number).padStart(2)} ${color.bold(check.id)} ${shade(check.severity)}`,
        hanging('   ', check.title, color),
        hanging('   why: ', check.why, color),
        hanging('   fix: ', check.fix, color),
      ].join('\n');
    })
    .join('\n\n');
}
