import type { Fault } from '../errors/fault.ts';
import { redact } from '../secrets/registry.ts';
import { type Paint, plain } from './paint.ts';

/** A fault as a user reads it: where, what, its code, more lines, the remedy. */
export function faultText(fault: Fault, color: Paint): string {
  const place = fault.where ? `${fault.where.file}:${fault.where.line}:${fault.where.column}: ` : '';
  const lines = [
    `${color.red(color.bold('error:'))} ${place}${plain(fault.message)} ${color.dim(`[${fault.code}]`)}`,
  ];
  if (fault.detail) for (const line of fault.detail.split('\n')) lines.push(`  ${plain(line)}`);
  if (fault.hint) lines.push(`  ${color.cyan('hint:')} ${plain(fault.hint)}`);
  return redact(lines.join('\n'));
}
