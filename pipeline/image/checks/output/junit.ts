import { attribute, content } from '../../../core/escape/xml.ts';
import { type Finding, headlineOf, type Verdict } from '../judge.ts';

/** A verdict as JUnit XML: each check is a test case. Majors and warnings do not fail the run: they are system-out of a passed case. */
export function verdictJunit(file: { name: string }, verdict: Verdict): string {
  return junitOf([{ name: `dgxos-maas validate ${file.name}`, verdict }]);
}

/** Several verdicts as one JUnit file, a suite each. */
export function junitOf(suites: readonly { name: string; verdict: Verdict }[]): string {
  const totals = suites.map(({ verdict: { counts, findings } }) => ({
    tests: findings.length,
    failures: counts.blocker,
    skipped: counts.waived + counts.notApplicable,
  }));
  const sum = (key: keyof (typeof totals)[number]) => totals.reduce((all, one) => all + one[key], 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="dgxos-maas" ${counted(sum('tests'), sum('failures'), sum('skipped'))}>`,
    ...suites.flatMap(({ name, verdict }, at) => {
      const { tests, failures, skipped } = totals[at]!;
      return [
        `  <testsuite name="${attribute(name)}" ${counted(tests, failures, skipped)}>`,
        ...verdict.findings.map((finding) => testCase(finding, verdict.profile)),
        '  </testsuite>',
      ];
    }),
    '</testsuites>',
    '',
  ].join('\n');
}

const counted = (tests: number, failures: number, skipped: number) =>
  `tests="${tests}" failures="${failures}" errors="0" skipped="${skipped}"`;

export function testCase(f: Finding, profile: string): string {
  const head = `    <testcase classname="${attribute(`${profile}.${f.severity}`)}" name="${attribute(`${f.number} ${f.id}: ${f.title}`)}"`;
  if (f.status === 'fail' && f.severity === 'blocker')
    return `${head}>\n      <failure type="${f.severity}" message="${attribute(headlineOf(f))}">${content(`found: ${f.found}\nwhy: ${f.why}\nfix: ${f.fix}`)}</failure>\n    </testcase>`;
  if (f.status === 'fail')
    return `${head}>\n      <system-out>${content(`${f.severity}: ${headlineOf(f)}\nfound: ${f.found}\nwhy: ${f.why}\nfix: ${f.fix}`)}</system-out>\n    </testcase>`;
  if (f.status === 'pass') return `${head}/>`;
  return `${head}>\n      <skipped message="${attribute(f.found)}"/>\n    </testcase>`;
}
