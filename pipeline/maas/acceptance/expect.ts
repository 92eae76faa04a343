import { visible } from '../../core/escape/visible.ts';
import type { RemoteResult } from '../../host/ssh/remote.ts';
import { escaped, fill, type Values } from './placeholders.ts';
import type { AcceptanceCheck, OutputExpectation } from './types.ts';

/**
 * The differences of a command's result from its expectation, in words; empty where there are none.
 * @throws ValueMissing when an expectation needs a value that is not known
 */
export function differences(check: AcceptanceCheck, result: RemoteResult, values: Values): string[] {
  const { expect, timeoutS } = check;
  // Filled in first: a check that cannot be judged is so whatever came out.
  const wrong = [
    ...outputDifferences('stdout', expect.stdout, result.stdout, values),
    ...outputDifferences('stderr', expect.stderr, result.stderr, values),
  ];
  if (result.timedOut) return [`it did not end within ${timeoutS} s`];
  if (result.exitCode === null)
    return [`the connection broke: ${shortened(result.stderr) || 'exit code 255, and no message from ssh'}`];
  if (result.exitCode !== expect.exit) {
    const said = shortened(result.stderr.trim() || result.stdout.trim());
    return [`exit code ${result.exitCode} instead of ${expect.exit}${said ? `: ${said}` : ''}`];
  }
  // Output that was cut off cannot be examined, so a check must not pass without it.
  if (result.cut && looksAtOutput(check))
    return [
      'its output is longer than the part that is kept; let the command itself select the relevant part',
    ];
  return wrong;
}

function looksAtOutput({ expect: { stdout, stderr, fresh } }: AcceptanceCheck): boolean {
  return fresh !== null || Object.keys(stdout).length + Object.keys(stderr).length > 0;
}

function outputDifferences(
  name: string,
  expectation: OutputExpectation,
  output: string,
  values: Values,
): string[] {
  const text = output.trim();
  const lines = text.split('\n').map((line) => line.trim());
  const { equals, contains, hasLines, matches, notMatches, lines: count } = expectation;
  const said = shortened(text) || 'nothing';
  const wrong: string[] = [];
  if (equals !== undefined) {
    const wanted = fill(equals, values);
    if (text !== wanted.trim()) wrong.push(`${name} is ${said}, not ${wanted}`);
  }
  if (contains !== undefined) {
    const wanted = fill(contains, values);
    if (!text.includes(wanted)) wrong.push(`${name} does not contain ${wanted}: ${said}`);
  }
  if (hasLines !== undefined) {
    const missing = fill(hasLines, values)
      .split('\n')
      .filter((line) => line.trim() && !lines.includes(line.trim()));
    if (missing.length > 0) wrong.push(`${name} does not have ${missing.join(', ')}: ${said}`);
  }
  if (matches !== undefined && !new RegExp(fill(matches, values, escaped), 'm').test(text))
    wrong.push(`${name} does not match ${matches}: ${said}`);
  const bad = notMatches !== undefined && new RegExp(fill(notMatches, values, escaped), 'm').exec(text);
  if (bad) wrong.push(`${name} has ${shortened(lineOf(text, bad.index))}`);
  if (count !== undefined) {
    const wanted = Number(fill(String(count), values));
    const there = lines.filter(Boolean).length;
    if (there !== wanted)
      wrong.push(`${name} has ${there} ${there === 1 ? 'line' : 'lines'} instead of ${wanted}: ${said}`);
  }
  return wrong;
}

function lineOf(text: string, at: number): string {
  const end = text.indexOf('\n', at);
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, end < 0 ? undefined : end);
}

const LONGEST = 300;

/** Output as a sentence shows it: in one line, without control characters. */
export function shortened(text: string, longest = LONGEST): string {
  const line = visible(text)
    .trim()
    .replace(/\s*\n\s*/g, '; ');
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
