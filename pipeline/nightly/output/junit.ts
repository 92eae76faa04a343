import { attribute, content } from '../../core/escape/xml.ts';
import type { Verdict } from '../../image/checks/judge.ts';
import { testCase } from '../../image/checks/output/junit.ts';
import type { ImageNight, Night, NightFault, PrunedTarget } from '../types.ts';

/**
 * The night as JUnit XML: a suite an image, its steps and its checks as cases, so that CI shows an image's defect as a
 * failed test. What failed for another reason than a check is an error of its step.
 * @param verdicts on the images' artifacts, by the image's name
 */
export function nightJunit(night: Night, verdicts: ReadonlyMap<string, readonly StageVerdict[]>): string {
  const suites = [
    ...night.images.map((image) => imageSuite(image, verdicts.get(image.image) ?? [])),
    ...(night.pruned.length > 0 ? [suite('retention', night.pruned.map(pruneCase))] : []),
  ];
  const sum = (of: (one: Suite) => number) => suites.reduce((all, one) => all + of(one), 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="dgxos-maas nightly" tests="${sum((s) => s.tests)}" failures="${sum((s) => s.failures)}" errors="${sum((s) => s.errors)}" time="${night.seconds.toFixed(3)}">`,
    ...suites.map(({ xml }) => xml),
    '</testsuites>',
    '',
  ].join('\n');
}

/** A verdict, and the stage that it is of: validate or accept, there with the target. */
export interface StageVerdict {
  stage: string;
  verdict: Verdict;
}

interface Suite {
  xml: string;
  tests: number;
  failures: number;
  errors: number;
}

function imageSuite(image: ImageNight, judged: readonly StageVerdict[]): Suite {
  const rejectedBy = (step: string) =>
    judged.some(({ stage, verdict }) => stage.split(' ')[0] === step && !verdict.passed);
  const cases = image.steps.map(({ step, state, seconds, summary }) => {
    const head = `    <testcase classname="${attribute(`${image.image}.steps`)}" name="${attribute(step)}" time="${seconds.toFixed(3)}"`;
    // A rejected image fails by its checks below; told twice it would count twice.
    if (state === 'failed' && image.failure && !rejectedBy(step))
      return `${head}>\n${error(image.failure)}\n    </testcase>`;
    return summary
      ? `${head}>\n      <system-out>${content(summary)}</system-out>\n    </testcase>`
      : `${head}/>`;
  });
  if (image.failure && image.failure.step === null)
    cases.push(
      `    <testcase classname="${attribute(`${image.image}.steps`)}" name="start">\n${error(image.failure)}\n    </testcase>`,
    );
  const checks = judged.flatMap(({ stage, verdict }) =>
    verdict.findings.map((finding) => testCase(finding, `${image.image}.${stage}`)),
  );
  return suite(image.image, [...cases, ...checks], image.seconds);
}

function pruneCase({ target, deleted, kept, failure }: PrunedTarget): string {
  const head = `    <testcase classname="retention" name="${attribute(target)}"`;
  if (failure) return `${head}>\n${error(failure)}\n    </testcase>`;
  return `${head}>\n      <system-out>${content(`${deleted.length} deleted, ${kept} kept`)}</system-out>\n    </testcase>`;
}

function error({ code, message, hint, detail }: NightFault): string {
  const text = [message, hint && `hint: ${hint}`, detail].filter(Boolean).join('\n');
  return `      <error type="${code}" message="${attribute(message)}">${content(text)}</error>`;
}

function suite(name: string, cases: string[], seconds = 0): Suite {
  const having = (tag: string) => cases.filter((one) => one.includes(`<${tag} `)).length;
  const [tests, failures, errors, skipped] = [
    cases.length,
    having('failure'),
    having('error'),
    having('skipped'),
  ];
  const head = `  <testsuite name="${attribute(name)}" tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}" time="${seconds.toFixed(3)}">`;
  return { xml: [head, ...cases, '  </testsuite>'].join('\n'), tests, failures, errors };
}
