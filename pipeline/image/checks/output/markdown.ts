import { cell, code } from '../../../core/escape/markdown.ts';
import { bytes } from '../../../core/text/human.ts';
import { headlineOf, type Verdict } from '../judge.ts';
import { failures, headline } from './table.ts';

/** A verdict as Markdown: for a job summary or a merge request. */
export function verdictMarkdown(
  file: { name: string; size: number; sha256: string },
  verdict: Verdict,
): string {
  const lines = [
    `## ${verdict.passed ? '✅' : '❌'} ${cell(file.name)}`,
    '',
    `**${headline(verdict)}** (profile ${code(verdict.profile)}${verdict.baseImage ? `, base image ${code(verdict.baseImage)}` : ''})`,
    '',
    `${bytes(file.size)}, sha256 \`${file.sha256}\``,
    '',
  ];
  const failed = failures(verdict);
  if (failed.length > 0) {
    lines.push('| | found | check | fix |', '|---|---|---|---|');
    for (const f of failed)
      lines.push(
        `| ${f.severity} | **${cell(headlineOf(f))}** | ${f.number} ${cell(f.title)}${f.found === headlineOf(f) ? '' : `: ${cell(f.found)}`} | ${cell(f.fix)} |`,
      );
    lines.push('');
  }
  lines.push('<details><summary>All other checks</summary>', '', '| | check | found |', '|---|---|---|');
  for (const f of verdict.findings)
    if (f.status !== 'fail')
      lines.push(`| ${f.status} | **${f.number}** ${cell(f.title)} | ${cell(f.found)} |`);
  lines.push('', '</details>', '');
  return lines.join('\n');
}
