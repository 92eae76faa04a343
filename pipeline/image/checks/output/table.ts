import { plain } from '../../../core/escape/terminal.ts';
import { bytes } from '../../../core/text/human.ts';
import type { Paint } from '../../../core/text/paint.ts';
import type { Finding, Verdict } from '../judge.ts';
import type { Severity } from '../types.ts';

const ORDER: Record<Severity, number> = { blocker: 0, major: 1, warning: 2 };

/** Failed findings, the worst first. */
export function failures(verdict: Verdict): Finding[] {
  return verdict.findings
    .filter((f) => f.status === 'fail')
    .sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || a.number - b.number);
}

/** "1 blocker, 2 majors, 30 passed, 10 not applicable". */
export function countsPhrase({ counts }: Verdict): string {
  const some = (count: number, one: string) =>
    count === 0 ? [] : [`${count} ${one}${count === 1 ? '' : 's'}`];
  return [
    ...some(counts.blocker, 'blocker'),
    ...some(counts.major, 'major'),
    ...some(counts.warning, 'warning'),
    `${counts.pass} passed`,
    ...(counts.waived ? [`${counts.waived} waived`] : []),
    `${counts.notApplicable} not applicable`,
  ].join(', ');
}

/** "PASSED" or "REJECTED", and the counts. */
export function headline(verdict: Verdict): string {
  return `${verdict.passed ? 'PASSED' : 'REJECTED'}: ${countsPhrase(verdict)}`;
}

/** A verdict for a terminal: what failed and why first, the rest one line each, the result last, where the eye is. */
export function verdictTable(
  file: { name: string; size: number; sha256: string },
  verdict: Verdict,
  color: Paint,
): string {
  const lines: string[] = [];
  for (const finding of failures(verdict)) lines.push(...explained(finding, color), '');
  for (const finding of verdict.findings) if (finding.status !== 'fail') lines.push(short(finding, color));
  const base = verdict.baseImage ? `, base image ${plain(verdict.baseImage)}` : '';
  const result = verdict.passed ? color.green(headline(verdict)) : color.red(headline(verdict));
  lines.push(
    '',
    `${plain(file.name)}: ${bytes(file.size)}, sha256 ${file.sha256}`,
    `${color.bold(result)} ${color.dim(`(profile ${verdict.profile}${base})`)}`,
  );
  return lines.join('\n');
}

function explained(finding: Finding, color: Paint): string[] {
  const shade = finding.severity === 'blocker' ? color.red : color.yellow;
  return [
    `${shade('✗')} ${number(finding)} ${color.bold(shade(finding.severity.toUpperCase()))} ${color.bold(plain(finding.title))} ${color.dim(`[${finding.id}]`)}`,
    `     found: ${plain(finding.found)}`,
    `     why:   ${plain(finding.why)}`,
    `     fix:   ${plain(finding.fix)}`,
  ];
}

function short(finding: Finding, color: Paint): string {
  const text = `${finding.id.padEnd(20)} ${plain(finding.found)}`;
  if (finding.status === 'pass') return `${color.green('✓')} ${number(finding)} ${text}`;
  if (finding.status === 'waived') return `${color.yellow('~')} ${number(finding)} ${text}`;
  return color.dim(`- ${number(finding)} ${text}`);
}

const number = (finding: Finding) => String(finding.number).padStart(2);
