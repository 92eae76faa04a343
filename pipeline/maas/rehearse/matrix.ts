import { basename } from 'node:path';
import { plain } from '../../core/escape/terminal.ts';
import { Fault } from '../../core/faults/fault.ts';
import { rehearse } from './rehearse.ts';
import type { Rehearsal, RehearseRequest } from './types.ts';

/**
 * One rehearsal for each layout, one after the other; one that fails does not stop the others.
 * @throws Fault as `rehearse`: what is missing on the host is missing for all
 */
export async function rehearseLayouts(
  request: Omit<RehearseRequest, 'layout'>,
  layouts: readonly string[],
): Promise<Rehearsal[]> {
  const results: Rehearsal[] = [];
  for (const [at, layout] of layouts.entries()) {
    if (layouts.length > 1)
      request.emit({
        type: 'notice',
        level: 'info',
        message: `rehearsal ${at + 1} of ${layouts.length}: layout ${layout}`,
      });
    results.push(await rehearse({ ...request, layout }));
  }
  return results;
}

/** The fault of an image that failed in rehearsals: where, the guest's own words, cause and remedy. */
export function rehearsalFailed(results: readonly Rehearsal[]): Fault {
  const failed = results.filter(({ ok }) => !ok);
  const [first] = failed;
  const detail = failed.flatMap(({ layout, failure }) => [
    `layout ${layout}, ${failure?.phase}: ${plain(failure?.said ?? '')}`,
    ...(failure?.error ? [`  error:  ${plain(failure.error)}`] : []),
    ...(failure?.cause ? [`  cause:  ${plain(failure.cause)}`] : []),
  ]);
  const layouts = failed.map(({ layout }) => layout).join(', ');
  return new Fault(
    'REHEARSAL_FAILED',
    `${first ? basename(first.artifact) : 'The image'} failed its rehearsal with layout ${layouts}`,
    {
      detail: detail.join('\n'),
      hint: first?.failure?.remedy ?? 'See console.log and install.log in the folder of the rehearsal.',
    },
  );
}
