import { ownCell } from '../../../core/escape/markdown.ts';
import type { Paint } from '../../../core/text/paint.ts';
import { hanging } from '../../../core/text/width.ts';
import { MACHINE_STATE } from '../../facts/collect/machine-state-table.ts';
import type { Check } from '../types.ts';

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

/** The same as the page docs/checks.md. */
export function checksPage(checks: readonly Check[]): string {
  return [
    '# The checks',
    '',
    'Made by `dgxos-maas checks --markdown`; edit pipeline/image/checks, not this page. A blocker stops the image; a major defect and a',
    'warning are reported. Which apply, and what else a profile expects, is in pipeline/image/checks/profiles.ts.',
    '',
    '| # | id | severity | check | failure it prevents | fix |',
    '|---|---|---|---|---|---|',
    ...checks.map(
      (c) =>
        `| ${c.number} | \`${c.id}\` | ${c.severity} | ${ownCell(c.title)} | ${ownCell(c.why)} | ${ownCell(c.fix)} |`,
    ),
    '',
    '## What belongs to one machine',
    '',
    'Check 39, `machine-state`, looks for these files. An empty file does not count.',
    '',
    '| what | files (a regular expression, without the leading slash) | severity | when two machines have the same | source |',
    '|---|---|---|---|---|',
    ...MACHINE_STATE.map(
      (s) =>
        `| ${ownCell(s.what)} | \`${s.path.source.replaceAll('\\/', '/').replaceAll('|', '\\|')}\` | ${s.weight} | ${ownCell(s.why)} | ${ownCell(s.source)} |`,
    ),
    '',
  ].join('\n');
}
