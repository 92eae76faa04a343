import type { Finding, Verdict } from './judge.ts';
import type { Severity } from './types.ts';

const ORDER: Record<Severity, number> = { blocker: 0, major: 1, warning: 2 };

/** Failed findings, the worst first. */
export function failures(verdict: Verdict): Finding[] {
  return verdict.findings
    .filter((f) => f.status === 'fail')
    .sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || a.number - b.number);
}

/** "1 blocker, 2 majors, 30 passed, 10 not applicable". */
export function countsPhrase({ counts }: Verdict): string {
  const some = (count: number, one: string) =>
    count === 0 ? [] : [`${count} ${one}${count === 1 ? '' : 's'}`];
  return [
    ...some(counts.blocker, 'blocker'),
    ...some(counts.major, 'major'),
    ...some(counts.warning, 'warning'),
    `${counts.pass} passed`,
    ...(counts.waived ? [`${counts.waived} waived`] : []),
    `${counts.notApplicable} not applicable`,
  ].join(', ');
}

/** "PASSED" or "REJECTED", and the counts. */
export function headline(verdict: Verdict): string {
  return `${verdict.passed ? 'PASSED' : 'REJECTED'}: ${countsPhrase(verdict)}`;
}
