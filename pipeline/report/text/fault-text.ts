import { forTerminal, plain } from '../../core/escape/terminal.ts';
import { visible } from '../../core/escape/visible.ts';
import type { Fault } from '../../core/faults/fault.ts';
import { redact } from '../../core/secrets/registry.ts';
import type { Paint } from '../../core/text/paint.ts';

/** A fault as a user reads it: where, what, its code, more lines, the remedy. */
export function faultText(fault: Fault, color: Paint): string {
  const place = fault.where ? `${plain(fault.where.file)}:${fault.where.line}:${fault.where.column}: ` : '';
  const lines = [
    `${color.red(color.bold('error:'))} ${place}${plain(fault.message)} ${color.dim(`[${fault.code}]`)}`,
  ];
  if (fault.detail) for (const line of visible(fault.detail).split('\n')) lines.push(`  ${line}`);
  if (fault.hint) lines.push(`  ${color.cyan('hint:')} ${plain(fault.hint)}`);
  return forTerminal(redact(lines.join('\n')), color.on);
}
