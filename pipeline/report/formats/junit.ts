import { attribute, content } from '../../core/escape/xml.ts';

export interface TestSuites {
  name: string;
  seconds?: number;
  suites: readonly TestSuite[];
}

export interface TestSuite {
  name: string;
  seconds?: number;
  cases: readonly TestCase[];
}

export interface TestCase {
  classname: string;
  name: string;
  seconds?: number;
  /** The result; a case without one passed. */
  outcome?: Outcome;
  /** The output of a case that passed. */
  output?: string;
}

export type Outcome =
  | { kind: 'failure' | 'error'; type: string; message: string; text: string }
  | { kind: 'skipped'; message: string };

/**
 * Test suites as JUnit XML, as GitLab, Jenkins and GitHub's actions read it. Counts are made here.
 * @see https://github.com/testmoapp/junitxml
 */
export function junitXml({ name, seconds, suites }: TestSuites): string {
  const cases = suites.flatMap((suite) => suite.cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name, ...counts(cases), time: time(seconds) })}>`,
    ...suites.flatMap((suite) => [
      `  <testsuite${attributes({ name: suite.name, ...counts(suite.cases), time: time(suite.seconds) })}>`,
      ...suite.cases.map(testCase),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase({ classname, name, seconds, outcome, output }: TestCase): string {
  const head = `    <testcase${attributes({ classname, name, time: time(seconds) })}`;
  const body = outcome ? outcomeXml(outcome) : output ? `<system-out>${content(output)}</system-out>` : '';
  return body ? `${head}>\n      ${body}\n    </testcase>` : `${head}/>`;
}

function outcomeXml(outcome: Outcome): string {
  if (outcome.kind === 'skipped') return `<skipped${attributes({ message: outcome.message })}/>`;
  const { kind, type, message, text } = outcome;
  return `<${kind}${attributes({ type, message })}>${content(text)}</${kind}>`;
}

function counts(cases: readonly TestCase[]) {
  const of = (kind: Outcome['kind']) => String(cases.filter(({ outcome }) => outcome?.kind === kind).length);
  return {
    tests: String(cases.length),
    failures: of('failure'),
    errors: of('error'),
    skipped: of('skipped'),
  };
}

const time = (seconds: number | undefined) => seconds?.toFixed(3);

function attributes(values: Record<string, string | undefined>): string {
  return Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${attribute(value)}"`))
    .join('');
}
