import type { Verdict } from '../../image/checks/judge.ts';
import { junitXml, type Outcome, type TestCase, type TestSuite } from '../../report/formats/junit.ts';
import { checkCase } from '../../report/formats/verdict-junit.ts';
import type { ImageNight, Night, NightFault, PrunedTarget } from '../types.ts';

/** A verdict, and the stage that it is of: validate or accept, there with the target. */
export interface StageVerdict {
  stage: string;
  verdict: Verdict;
}

/**
 * The night as JUnit XML: a suite an image, its steps and its checks as cases, so that CI shows an image's defect as a
 * failed test. What failed for another reason than a check is an error of its step.
 * @param verdicts on the images' artifacts, by the image's name
 */
export function nightJunit(night: Night, verdicts: ReadonlyMap<string, readonly StageVerdict[]>): string {
  return junitXml({
    name: 'dgxos-maas nightly',
    seconds: night.seconds,
    suites: [
      ...night.images.map((image) => imageSuite(image, verdicts.get(image.image) ?? [])),
      ...(night.pruned.length > 0
        ? [{ name: 'retention', seconds: 0, cases: night.pruned.map(pruneCase) }]
        : []),
    ],
  });
}

function imageSuite(image: ImageNight, judged: readonly StageVerdict[]): TestSuite {
  const rejectedBy = (step: string) =>
    judged.some(({ stage, verdict }) => stage.split(' ')[0] === step && !verdict.passed);
  const classname = `${image.image}.steps`;
  const steps = image.steps.map(({ step, state, seconds, summary }): TestCase => {
    const one = { classname, name: step, seconds };
    // A rejected image fails by its checks below; reported twice it would count twice.
    if (state === 'failed' && image.failure && !rejectedBy(step))
      return { ...one, outcome: error(image.failure) };
    return { ...one, output: summary };
  });
  const start: TestCase[] =
    image.failure?.step === null ? [{ classname, name: 'start', outcome: error(image.failure) }] : [];
  const checks = judged.flatMap(({ stage, verdict }) =>
    verdict.findings.map((finding) => checkCase(finding, `${image.image}.${stage}`)),
  );
  return { name: image.image, seconds: image.seconds, cases: [...steps, ...start, ...checks] };
}

function pruneCase({ target, deleted, kept, failure }: PrunedTarget): TestCase {
  const one = { classname: 'retention', name: target };
  return failure
    ? { ...one, outcome: error(failure) }
    : { ...one, output: `${deleted.length} deleted, ${kept} kept` };
}

function error({ code, message, hint, detail }: NightFault): Outcome {
  const text = [message, hint && `hint: ${hint}`, detail].filter(Boolean).join('\n');
  return { kind: 'error', type: code, message, text };
}
