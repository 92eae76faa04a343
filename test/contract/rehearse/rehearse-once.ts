import type { RunMachine } from '../../../pipeline/maas/rehearse/machine.ts';
import { rehearse as all } from '../../../pipeline/maas/rehearse/rehearse.ts';
import type { Rehearsal, RehearseRequest } from '../../../pipeline/maas/rehearse/types.ts';

/** The results of all deployments. */
export async function rehearseAll(request: RehearseRequest, run?: RunMachine): Promise<Rehearsal[]> {
  const results: Rehearsal[] = [];
  for await (const result of all(request, run)) results.push(result);
  return results;
}

/** The result of the only deployment. */
export async function rehearse(request: RehearseRequest, run?: RunMachine): Promise<Rehearsal> {
  const [result, ...more] = await rehearseAll(request, run);
  if (!result || more.length > 0) throw new Error('not one deployment');
  return result;
}
