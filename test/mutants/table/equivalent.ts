/** A fault that changes nothing which can be seen: it is not counted. */
export interface Equivalent {
  file: string;
  /** The expression as it stands in the file, and what it is changed to. */
  text: string;
  fault: string;
  why: string;
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'pipeline/image/checks/judge.ts',
    text: "result.status === 'fail' && check.wrong",
    fault: "result.status === 'fail' || check.wrong",
    why: 'What a check says when it fails is left out of a finding that has not failed.',
  },
  {
    file: 'pipeline/maas/acceptance/acquire-machine.ts',
    text: '(performance.now() - started) / 1000 >= waitS',
    fault: '(performance.now() - started) / 1000 > waitS',
    why: 'A clock that counts fractions of a millisecond never stands at the limit.',
  },
  {
    file: 'pipeline/maas/acceptance/check-rules.ts',
    text: "typeof value !== 'object' || value === null",
    fault: "typeof value !== 'object' && value === null",
    why: 'The schema has left no null in, and the entries of a number or of true are none.',
  },
  {
    file: 'pipeline/maas/acceptance/expect.ts',
    text: 'end < 0',
    fault: 'end <= 0',
    why: 'The text is trimmed, so that no line ends at its begin.',
  },
];
