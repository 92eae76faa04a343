import { cell, code, table } from '../../core/escape/markdown.ts';
import { bytes } from '../../core/text/human.ts';
import { headlineOf } from '../../image/checks/judge.ts';
import { failures, headline } from '../../image/checks/phrases.ts';
import type { Judged } from './judged.ts';

/** Verdicts as Markdown: for a job summary or a merge request. */
export function verdictMarkdown(judged: readonly Judged[]): string {
  return judged.map(one).join('\n');
}

function one({ name, size, sha256, verdict }: Judged): string {
  const base = verdict.baseImage ? `, base image ${code(verdict.baseImage)}` : '';
  const lines = [
    `## ${verdict.passed ? '✅' : '❌'} ${cell(name)}`,
    '',
    `**${headline(verdict)}** (profile ${code(verdict.profile)}${base})`,
    '',
    `${bytes(size)}, sha256 ${code(sha256)}`,
    '',
  ];
  const failed = failures(verdict).map((finding) => {
    const said = headlineOf(finding);
    const more = finding.found === said ? '' : `: ${cell(finding.found)}`;
    const check = `${finding.number} ${cell(finding.title)}${more}`;
    return [finding.severity, `**${cell(said)}**`, check, cell(finding.fix)];
  });
  if (failed.length > 0) lines.push(...table(['', 'found', 'check', 'fix'], failed), '');
  const others = verdict.findings
    .filter(({ status }) => status !== 'fail')
    .map(({ status, number, title, found }) => [status, `**${number}** ${cell(title)}`, cell(found)]);
  lines.push(
    '<details><summary>All other checks</summary>',
    '',
    ...table(['', 'check', 'found'], others),
    '',
    '</details>',
    '',
  );
  return lines.join('\n');
}
