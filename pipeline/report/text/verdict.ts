import { plain } from '../../core/escape/terminal.ts';
import { bytes } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { hanging } from '../../core/text/width.ts';
import { type Finding, headlineOf, type Verdict } from '../../image/checks/judge.ts';
import { failures, headline } from '../../image/checks/phrases.ts';

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
