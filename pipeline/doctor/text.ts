import { plain } from '../core/escape/terminal.ts';
import type { Paint } from '../core/text/paint.ts';
import { hanging, padded } from '../core/text/width.ts';
import type { Diagnosis } from './examine.ts';
import { type Finding, isBlocking } from './finding.ts';

/** The diagnosis as a table, with each remedy below its line and one command at the end. */
export function diagnosisText({ findings, installCommand }: Diagnosis, color: Paint): string {
  const width = Math.max(...findings.map(({ tool }) => tool.length));
  const lines = findings.flatMap((finding) => lineOf(finding, width, color));
  const missing = findings.filter(isBlocking).length;
  lines.push('');
  if (missing === 0) lines.push('Everything that is needed is installed.');
  else lines.push(`${missing} ${missing === 1 ? 'item is' : 'items are'} missing.`);
  if (installCommand) lines.push(hanging('Install: ', plain(installCommand), color));
  return lines.join('\n');
}

function lineOf(finding: Finding, width: number, color: Paint): string[] {
  const { tool, found, fix, neededFor, status } = finding;
  const mark =
    status === 'ok' ? color.green('ok') : status === 'optional' ? color.yellow('--') : color.red('!!');
  const said = plain(found ?? 'not there');
  const note = status === 'ok' ? '' : ` (${status}; to ${neededFor})`;
  const line = hanging(`${mark}  ${padded(tool, width)}  `, `${said}${note}`, color);
  return fix ? [line, hanging(`${' '.repeat(width + 6)}${color.cyan('fix:')} `, plain(fix), color)] : [line];
}
