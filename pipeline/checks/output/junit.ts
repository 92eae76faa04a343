import type { Finding, Verdict } from '../judge.ts';

/** A verdict as JUnit XML: each check is a test case. Majors and warnings do not fail the run: they are system-out of a passed case. */
export function verdictJunit(file: { name: string }, verdict: Verdict): string {
  const { counts, findings } = verdict;
  const skipped = counts.waived + counts.notApplicable;
  const name = attribute(`dgxos-maas validate ${file.name}`);
  const totals = `tests="${findings.length}" failures="${counts.blocker}" errors="0" skipped="${skipped}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="dgxos-maas" ${totals}>`,
    `  <testsuite name="${name}" ${totals}>`,
    ...findings.map((finding) => testCase(finding, verdict.profile)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** One check as a test case. */
export function testCase(f: Finding, profile: string): string {
  const head = `    <testcase classname="${attribute(`${profile}.${f.severity}`)}" name="${attribute(`${f.number} ${f.id}: ${f.title}`)}"`;
  if (f.status === 'fail' && f.severity === 'blocker')
    return `${head}>\n      <failure type="${f.severity}" message="${attribute(f.found)}">${content(`found: ${f.found}\nwhy: ${f.why}\nfix: ${f.fix}`)}</failure>\n    </testcase>`;
  if (f.status === 'fail')
    return `${head}>\n      <system-out>${content(`${f.severity}: ${f.found}\nwhy: ${f.why}\nfix: ${f.fix}`)}</system-out>\n    </testcase>`;
  if (f.status === 'pass') return `${head}/>`;
  return `${head}>\n      <skipped message="${attribute(f.found)}"/>\n    </testcase>`;
}

/** Characters that XML 1.0 has no way to write become a question mark. */
export function content(text: string): string {
  return text
    .replace(
      /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '?',
    )
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** Text for an attribute in double quotes. */
export function attribute(text: string): string {
  return content(text)
    .replaceAll('"', '&quot;')
    .replace(/[\t\n\r]/g, ' ');
}
