import { type Finding, headlineOf } from '../../image/checks/judge.ts';
import type { Judged } from './judged.ts';
import { junitXml, type TestCase } from './junit.ts';

/** Verdicts as JUnit XML: a suite each, a case a check. */
export function verdictJunit(judged: readonly Judged[]): string {
  return junitXml({
    name: 'dgxos-maas',
    suites: judged.map(({ suite, verdict }) => ({
      name: suite,
      cases: verdict.findings.map((finding) => checkCase(finding, verdict.profile)),
    })),
  });
}

/**
 * A check as a test case. Majors and warnings do not fail the run: they are the output of a case that passed.
 * @param of what its class is named by: a profile, an image and its stage
 */
export function checkCase(finding: Finding, of: string): TestCase {
  const { number, id, title, severity, status, found, why, fix } = finding;
  const one: TestCase = { classname: `${of}.${severity}`, name: `${number} ${id}: ${title}` };
  const message = headlineOf(finding);
  const text = `found: ${found}\nwhy: ${why}\nfix: ${fix}`;
  if (status === 'pass') return one;
  if (status !== 'fail') return { ...one, outcome: { kind: 'skipped', message: found } };
  return severity === 'blocker'
    ? { ...one, outcome: { kind: 'failure', type: severity, message, text } }
    : { ...one, output: `${severity}: ${message}\n${text}` };
}
