import { plain } from '../../../core/escape/terminal.ts';
import { bytes } from '../../../core/text/human.ts';
import type { Paint } from '../../../core/text/paint.ts';
import { hanging } from '../../../core/text/width.ts';
import { type Finding, headlineOf, type Verdict } from '../judge.ts';
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
  const shade = verdict.passed ? color.green : color.red;
  lines.push(
    '',
    hanging('', `${plain(file.name)}: ${bytes(file.size)}, sha256 ${file.sha256}`, color),
    hanging('', `${headline(verdict)} (profile ${plain(verdict.profile)}${base})`, color, (line) =>
      color.bold(shade(line)),
    ),
  );
  return lines.join('\n');
}

function explained(finding: Finding, color: Paint): string[] {
  const shade = finding.severity === 'blocker' ? color.red : color.yellow;
  const mark = `${shade('✗')} ${number(finding)} ${color.bold(shade(finding.severity.toUpperCase()))} `;
  const line = (name: string, text: string) => hanging(`     ${name.padEnd(6)} `, plain(text), color);
  const headline = headlineOf(finding);
  return [
    hanging(mark, plain(headline), color, color.bold),
    ...(finding.found === headline ? [] : [line('found:', finding.found)]),
    line('check:', `${finding.title} [${finding.id}]`),
    line('why:', finding.why),
    line('fix:', finding.fix),
  ];
}

function short(finding: Finding, color: Paint): string {
  const { id, status, title, found } = finding;
  const row = (mark: string, text: string, shade?: (line: string) => string) =>
    hanging(`${mark} ${number(finding)} ${id.padEnd(20)} `, plain(text), color, shade);
  if (status === 'pass') return row(color.green('✓'), title);
  if (status === 'waived') return row(color.yellow('~'), found);
  return row(color.dim('-'), `${title}: ${found}`, color.dim);
}

const number = (finding: Finding) => String(finding.number).padStart(2);
