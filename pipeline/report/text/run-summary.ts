import { plain } from '../../core/escape/terminal.ts';
import { bytes, duration } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { pairs } from '../../core/text/width.ts';
import type { RunOutcome } from '../../stages/run/runner.ts';

/** The end of a run: what was made, how it was judged, where it went, what it took. */
export function runSummary(image: string, outcome: RunOutcome, color: Paint): string {
  const { data } = outcome;
  const rows: [string, string][] = [['image', image]];
  if (data.render && !data.pack)
    rows.push(['rendered', data.render.packerDir], ['installer', data.render.httpDir]);
  if (data.pack) {
    const { artifact } = data.pack;
    rows.push(
      ['artifact', artifact.path],
      ['size', `${bytes(artifact.size)} (${artifact.size} bytes)`],
      ['sha256', artifact.sha256],
      ['manifest', artifact.manifest],
    );
  }
  if (data.validate) {
    const { findings } = data.validate.verdict;
    const count = (status: string) => findings.filter((finding) => finding.status === status).length;
    const failed = count('fail');
    rows.push([
      'checks',
      `${count('pass')} passed${failed ? `, ${failed} warnings` : ''}, ${count('not-applicable')} not applicable`,
    ]);
  }
  for (const resource of data.upload?.resources ?? [])
    rows.push(['resource', `${resource.name}, id ${resource.id} on ${resource.target}`]);
  if (outcome.report) rows.push(['report', outcome.report]);
  const times = outcome.outcomes.map(
    ({ stage, state, fromStore, seconds }) =>
      `${stage} ${fromStore ? 'from the store' : state === 'fresh' ? 'fresh' : duration(seconds)}`,
  );
  rows.push(['stages', times.join(', ')], ['total', duration(outcome.seconds)]);
  return pairs(
    rows.map(([name, value]) => [name, plain(value)]),
    color,
    { least: 9 },
  );
}
