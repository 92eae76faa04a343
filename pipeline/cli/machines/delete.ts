import { deleteJob } from '../../maas/machines/delete-job.ts';
import type { JobResult } from '../../maas/machines/job.ts';
import type { Session } from '../session.ts';
import { type BatchFlags, endBatch, runBatch } from './batch.ts';
import { openMaas, type TargetFlags } from './open.ts';
import { type SelectionFlags, selectMachines } from './select.ts';

/** Takes machines out of MAAS, after the guards and a question. */
export async function deleteMachines(
  session: Session,
  names: string[],
  flags: TargetFlags & SelectionFlags & BatchFlags & { force?: boolean },
): Promise<void> {
  const maas = await openMaas(session, flags);
  const machines = await selectMachines(maas.client, names, flags);
  const job = deleteJob(flags.force === true);
  // One that is deleted has no state to wait for.
  const results = await runBatch(session, maas, job, machines, { ...flags, wait: false });
  if (results)
    endBatch(
      session,
      job.name,
      results.map(
        (result): JobResult => (result.outcome === 'started' ? { ...result, outcome: 'deleted' } : result),
      ),
    );
}
