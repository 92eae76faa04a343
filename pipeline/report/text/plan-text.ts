import { plain } from '../../core/escape/terminal.ts';
import type { Paint } from '../../core/text/paint.ts';
import { hanging } from '../../core/text/width.ts';
import { shellQuoted } from '../../host/process/shell-word.ts';
import type { PlannedStage } from '../../stages/run/dry-run.ts';

/** Quoted only where it must be, so that it can be pasted; … stands for what only the run knows. */
function shown(word: string): string {
  return /^[\w@%+=:,./…-]+$/.test(word) ? word : shellQuoted(word);
}

/** The plan of a run: a line a stage, and below it the commands it would start. */
export function planText(image: string, plan: PlannedStage[], color: Paint): string {
  const lines = [color.bold(`Plan for ${plain(image)}`)];
  for (const stage of plan) {
    const mark = stage.runs ? color.cyan('▸') : color.dim('·');
    lines.push(
      hanging(`${mark} ${stage.stage.padEnd(8)} `, `${plain(stage.title)} (${plain(stage.reason)})`, color),
    );
    // Whole, so that it can be pasted.
    for (const argv of stage.argv ?? []) lines.push(color.dim(`    $ ${plain(argv.map(shown).join(' '))}`));
  }
  const running = plan.filter((stage) => stage.runs).length;
  lines.push(running === 0 ? 'Nothing to do.' : `${running} of ${plan.length} stages would run.`);
  return lines.join('\n');
}
