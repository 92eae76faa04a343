import { basename } from 'node:path';
import { plain } from '../../core/escape/terminal.ts';
import { EXIT } from '../../core/faults/catalogue.ts';
import { Fault } from '../../core/faults/fault.ts';
import { interrupted } from '../../core/faults/interrupted.ts';
import { labelOf, titleOf } from './label.ts';
import { rehearse, SAME } from './rehearse.ts';
import type { Rehearsal, RehearseRequest } from './types.ts';

/** The layouts of one image, rehearsed. */
export interface Matrix {
  results: Rehearsal[];
  /** Deployments without a result, by the fault of the host. */
  faults: (Pick<Rehearsal, 'layout' | 'after'> & { fault: Fault })[];
  /** The last of these faults, when nothing was rehearsed after it: an interruption, or what is missing on this host. */
  ended: Fault | null;
}

/**
 * One rehearsal for each layout, one after the other. One that fails, or that the host has ended, does not stop the others; what has a
 * result is not lost by an interruption.
 * @throws Fault as `rehearse`, when it ends the first: what is missing on the host is missing for all
 */
export async function rehearseLayouts(
  request: Omit<RehearseRequest, 'layout'>,
  layouts: readonly string[],
): Promise<Matrix> {
  const matrix: Matrix = { results: [], faults: [], ended: null };
  const more = (request.redeploy ?? []).filter((name) => name !== SAME && !layouts.includes(name));
  const labels = [...layouts, ...new Set(more)].map(labelOf);
  const twice = labels.find((label, at) => labels.indexOf(label) !== at);
  if (twice !== undefined)
    throw new Fault('CONFIG_INVALID', `Two layouts have the name ${twice}`, {
      hint: 'The name of a file without its ending is that of the layout; rename one of them.',
    });
  for (const [at, layout] of layouts.entries()) {
    if (layouts.length > 1)
      request.emit({
        type: 'notice',
        level: 'info',
        message: `rehearsal ${at + 1} of ${layouts.length}: layout ${labelOf(layout)}`,
      });
    const turns = [layout, ...(request.redeploy ?? []).map((name) => (name === SAME ? layout : name))];
    let done = 0;
    try {
      for await (const result of rehearse({ ...request, layout })) {
        matrix.results.push(result);
        done++;
      }
    } catch (error) {
      const { signal } = request;
      const fault = signal.aborted ? interrupted(signal) : error;
      if (!(fault instanceof Fault)) throw error;
      const goesOn = fault.exitCode === EXIT.temporary && !signal.aborted;
      if (!goesOn && matrix.results.length + matrix.faults.length === 0) throw error;
      matrix.faults.push({ layout: turns[done] ?? layout, after: turns.slice(0, done), fault });
      if (goesOn) continue;
      matrix.ended = fault;
      return matrix;
    }
  }
  return matrix;
}

/** The fault of an image that failed in rehearsals: where, the guest's own words, cause and remedy. */
export function rehearsalFailed(results: readonly Rehearsal[]): Fault {
  const failed = results.filter(({ ok }) => !ok);
  const [first] = failed;
  const detail = failed.flatMap(({ layout, after, failure }) => [
    `layout ${titleOf({ layout, after })}, ${failure?.phase}: ${plain(failure?.said ?? '')}`,
    ...(failure?.error ? [`  error:  ${plain(failure.error)}`] : []),
    ...(failure?.cause ? [`  cause:  ${plain(failure.cause)}`] : []),
  ]);
  const layouts = failed.map(titleOf).join(', ');
  return new Fault(
    'REHEARSAL_FAILED',
    `${first ? basename(first.artifact) : 'The image'} failed its rehearsal with layout ${layouts}`,
    {
      detail: detail.join('\n'),
      hint: first?.failure?.remedy ?? 'See console.log and install.log in the folder of the rehearsal.',
    },
  );
}
