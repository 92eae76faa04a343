import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';

/** The test suites, in the order they run: the quick ones first. */
const SUITES = ['unit', 'contract', 'e2e'];

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTestSuites: number;
  testResults: { name: string; message?: string; assertionResults: { fullName: string; status: string }[] }[];
}

// Started by scripts/test, which has checked the arguments.
const selected = process.argv.slice(2);
const suites = selected.length > 0 ? SUITES.filter((suite) => selected.includes(suite)) : SUITES;

const dir = mkdtempSync(join(tmpdir(), 'dgxos-maas-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const skipped: string[] = [];
const summary: string[] = [];
for (const suite of suites) {
  const started = Date.now();
  const file = join(dir, `${suite}.json`);
  const vitest = $({ stdio: ['ignore', 'inherit', 'inherit'], nothrow: true });
  const { exitCode } =
    await vitest`vitest run --project ${suite} --reporter=default --reporter=json --outputFile.json=${file}`;
  let report: Report | undefined;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    // vitest itself failed before it could report: counted as one failure below
  }
  const passed = report?.numPassedTests ?? 0;
  let failed = report?.numFailedTests ?? 0;
  // A file that cannot be loaded has no failed test, yet it is a failure.
  if (exitCode !== 0 && failed === 0) failed = 1;
  const left = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  for (const file of report?.testResults ?? [])
    for (const test of file.assertionResults)
      if (test.status !== 'passed' && test.status !== 'failed')
        skipped.push(`${suite}: ${test.fullName} (${test.status})`);
  total.passed += passed;
  total.failed += failed;
  total.skipped += left;
  const seconds = Math.round((Date.now() - started) / 1000);
  summary.push(
    `${suite.padEnd(8)} ${passed} passed, ${failed} failed${left ? `, ${left} skipped` : ''} in ${seconds} s`,
  );
}
rmSync(dir, { recursive: true, force: true });

for (const suite of SUITES)
  if (!suites.includes(suite)) summary.push(`${suite.padEnd(8)} not run: not selected`);
process.stdout.write(`\n${summary.join('\n')}\n`);
for (const line of skipped) process.stdout.write(`skipped: ${line}\n`);
process.stdout.write(
  `${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}\n`,
);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
