import { data, property } from '../../../core/escape/github.ts';
import { headlineOf, type Verdict } from '../judge.ts';
import { failures, headline } from './table.ts';

/** A verdict as workflow commands of GitHub Actions: an annotation a failed check, and the result. */
export function verdictGithub(file: { name: string }, verdict: Verdict): string {
  return [
    ...failures(verdict).map(
      (f) =>
        `::${f.severity === 'blocker' ? 'error' : 'warning'} title=${property(`${f.number} ${f.id}: ${headlineOf(f)}`)}::${data(`${f.found}\ncheck: ${f.title}\nwhy: ${f.why}\nfix: ${f.fix}`)}`,
    ),
    `::notice title=${property(file.name)}::${data(headline(verdict))}`,
  ].join('\n');
}
