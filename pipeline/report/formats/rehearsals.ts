import { cell, code, fenced, table } from '../../core/escape/markdown.ts';
import { duration } from '../../core/text/human.ts';
import { titleOf } from '../../maas/rehearse/label.ts';
import type { Matrix } from '../../maas/rehearse/matrix.ts';
import type { Failure, Rehearsal } from '../../maas/rehearse/types.ts';
import { junitXml, type TestCase, type TestSuite } from './junit.ts';
import type { Writers } from './table.ts';
import { checkCase } from './verdict-junit.ts';

/** Rehearsals in the formats of reports. */
export const REHEARSALS: Writers<Matrix> = { junit, markdown };

/** Lines of a log in a summary. */
const LINES = 20;

/** A suite for each rehearsal: a case for each phase, then one for each acceptance check. */
function junit({ results, faults }: Matrix): string {
  return junitXml({
    name: 'dgxos-maas rehearse',
    suites: [
      ...results.map(suiteOf),
      ...faults.map(({ layout, after, fault }): TestSuite => {
        const { code: type, message, detail, hint } = fault;
        const text = [detail, hint && `hint: ${hint}`].filter(Boolean).join('\n');
        const outcome = { kind: 'error' as const, type, message, text };
        return {
          name: `layout ${titleOf({ layout, after })}`,
          cases: [{ classname: 'host', name: 'rehearsal', outcome }],
        };
      }),
    ],
  });
}

function suiteOf(result: Rehearsal): TestSuite {
  const { phases, failure, acceptance, seconds } = result;
  const label = titleOf(result);
  const cases = phases.map(
    ({ phase, seconds: took }): TestCase => ({
      ...{ classname: `rehearsal.${label}`, name: phase, seconds: took },
      ...(failure?.phase === phase ? { outcome: outcomeOf(failure) } : {}),
    }),
  );
  if (failure && !phases.some(({ phase }) => phase === failure.phase))
    cases.push({ classname: `rehearsal.${label}`, name: failure.phase, outcome: outcomeOf(failure) });
  const checks = acceptance?.findings.map((one) => checkCase(one, `acceptance.${label}`)) ?? [];
  return { name: `layout ${label}`, seconds, cases: [...cases, ...checks] };
}

function outcomeOf({ said, error, cause, remedy, log }: Failure): NonNullable<TestCase['outcome']> {
  const parts = [said, error && `error: ${error}`, cause && `cause: ${cause}`, remedy && `remedy: ${remedy}`];
  return {
    ...{ kind: 'failure', type: 'REHEARSAL_FAILED', message: said },
    text: [...parts.filter(Boolean), '', `${log.name}:`, ...log.lines].join('\n'),
  };
}

function markdown({ results, faults }: Matrix): string {
  const ok = faults.length === 0 && results.every((one) => one.ok);
  const [first] = results;
  const rows = [
    ...results.map(({ layout, after, ok: passed, until, failure, seconds, curtin }) => [
      passed ? `✅ ${until}` : '❌ failed',
      code(titleOf({ layout, after })),
      cell(failure ? `${failure.phase}: ${failure.cause ?? failure.said}` : ''),
      duration(seconds),
      cell(curtin),
    ]),
    ...faults.map(({ layout, after, fault }) => [
      ...['⚠️ no result', code(titleOf({ layout, after })), cell(fault.message), '', ''],
    ]),
  ];
  const logs = results.flatMap(({ layout, after, failure }) =>
    failure
      ? [
          `<details><summary>${cell(titleOf({ layout, after }))}: the end of ${cell(failure.log.name)}</summary>`,
          '',
          ...fenced(failure.log.lines.join('\n'), LINES),
          '',
          '</details>',
          '',
        ]
      : [],
  );
  return [
    `## ${ok ? '✅' : '❌'} Rehearsal${first ? ` of ${cell(first.artifact)}` : ''}`,
    '',
    ...table(['', 'layout', 'found', 'time', 'curtin'], rows),
    '',
    ...logs,
  ].join('\n');
}
