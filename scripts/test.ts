import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';

/** The sorts of tests, in the order they run: the quick ones tell first. */
const SORTS = ['unit', 'contract', 'e2e'];

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTestSuites: number;
  testResults: { name: string; message?: string; assertionResults: { fullName: string; status: string }[] }[];
}

// Started by scripts/test, which has checked the arguments.
const asked = process.argv.slice(2);
const sorts = asked.length > 0 ? SORTS.filter((sort) => asked.includes(sort)) : SORTS;

const dir = mkdtempSync(join(tmpdir(), 'dgxos-maas-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const skipped: string[] = [];
const summary: string[] = [];
for (const sort of sorts) {
  const started = Date.now();
  const file = join(dir, `${sort}.json`);
  const vitest = $({ stdio: ['ignore', 'inherit', 'inherit'], nothrow: true });
  const { exitCode } =
    await vitest`vitest run --project ${sort} --reporter=default --reporter=json --outputFile.json=${file}`;
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
  for (const suite of report?.testResults ?? [])
    for (const test of suite.assertionResults)
      if (test.status !== 'passed' && test.status !== 'failed')
        skipped.push(`${sort}: ${test.fullName} (${test.status})`);
  total.passed += passed;
  total.failed += failed;
  total.skipped += left;
  const seconds = Math.round((Date.now() - started) / 1000);
  summary.push(
    `${sort.padEnd(8)} ${passed} passed, ${failed} failed${left ? `, ${left} skipped` : ''} in ${seconds} s`,
  );
}
rmSync(dir, { recursive: true, force: true });

for (const sort of SORTS) if (!sorts.includes(sort)) summary.push(`${sort.padEnd(8)} not run: not asked for`);
process.stdout.write(`\n${summary.join('\n')}\n`);
for (const line of skipped) process.stdout.write(`skipped: ${line}\n`);
process.stdout.write(
  `${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}\n`,
);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
