import type { Paint } from '../../report/paint.ts';
import type { Check } from '../types.ts';

/** All checks with their reasons, for a terminal. */
export function checkList(checks: readonly Check[], color: Paint): string {
  return checks
    .map((check) => {
      const shade =
        check.severity === 'blocker' ? color.red : check.severity === 'major' ? color.yellow : color.dim;
      return [
        `${String(check.number).padStart(2)} ${color.bold(check.id)} ${shade(check.severity)}`,
        `   ${check.title}`,
        `   why: ${check.why}`,
        `   fix: ${check.fix}`,
      ].join('\n');
    })
    .join('\n\n');
}

/** The same as the page docs/checks.md. */
export function checksPage(checks: readonly Check[]): string {
  const cell = (text: string) => text.replace(/[|<>*_]/g, (c) => `\\${c}`);
  return [
    '# The checks',
    '',
    'Made by `dgxos-maas checks --markdown`. A blocker stops the image; a major defect and a warning are told. Which apply, and what',
    'else a profile expects, is in pipeline/checks/profiles.ts.',
    '',
    '| # | id | severity | check | failure it prevents | fix |',
    '|---|---|---|---|---|---|',
    ...checks.map(
      (c) =>
        `| ${c.number} | \`${c.id}\` | ${c.severity} | ${cell(c.title)} | ${cell(c.why)} | ${cell(c.fix)} |`,
    ),
    '',
  ].join('\n');
}
