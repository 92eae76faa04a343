import { annotation } from '../../core/escape/github.ts';
import { headlineOf } from '../../image/checks/judge.ts';
import { failures, headline } from '../../image/checks/phrases.ts';
import type { Judged } from './judged.ts';

/** Verdicts as workflow commands of GitHub Actions: an annotation a failed check, and the results. */
export function verdictGithub(judged: readonly Judged[]): string {
  return judged
    .flatMap(({ name, verdict }) => [
      ...failures(verdict).map((finding) =>
        annotation(
          finding.severity === 'blocker' ? 'error' : 'warning',
          `${finding.number} ${finding.id}: ${headlineOf(finding)}`,
          `${finding.found}\ncheck: ${finding.title}\nwhy: ${finding.why}\nfix: ${finding.fix}`,
        ),
      ),
      annotation('notice', name, headline(verdict)),
    ])
    .join('\n');
}
