import { type CommissionOptions, commissionJob } from '../../maas/machines/commission-job.ts';
import type { Job } from '../../maas/machines/job.ts';
import { releaseJob } from '../../maas/machines/release-job.ts';
import { parseStatus, statusName } from '../../maas/machines/status.ts';
import type { ReleaseOptions } from '../../maas/machines/types.ts';
import type { Session } from '../session.ts';
import { type BatchFlags, emptyBatch, endBatch, runBatch } from './batch.ts';
import { openMaas, type TargetFlags } from './open.ts';
import { nothingSelected, type SelectionFlags, selectMachines } from './select.ts';

export type Flags = TargetFlags & SelectionFlags & BatchFlags;

export function release(session: Session, names: string[], flags: Flags & ReleaseOptions): Promise<void> {
  return batch(session, names, flags, releaseJob(flags, session));
}

export function commission(
  session: Session,
  names: string[],
  flags: Flags & CommissionOptions,
): Promise<void> {
  return batch(session, names, flags, commissionJob(flags, session));
}

/** Waits for what was begun elsewhere, or before an interruption; starts nothing. */
export function wait(session: Session, names: string[], flags: Flags & { for: string[] }): Promise<void> {
  const until = flags.for.map(parseStatus);
  return batch(session, names, flags, {
    name: 'wait',
    what: 'waited for',
    destructive: () => false,
    decide: ({ status }) =>
      until.includes(status)
        ? { do: 'nothing', why: `is ${statusName(status)}` }
        : { do: 'wait', why: `is ${statusName(status)}` },
    start: (_, machine) => Promise.resolve(machine),
    until,
    byHand: null,
    // Another command may still bring it on its way.
    patient: true,
  });
}

async function batch(session: Session, names: string[], flags: Flags, job: Job): Promise<void> {
  const maas = await openMaas(session, flags);
  const machines = await selectMachines(maas.client, names, flags);
  if (machines.length === 0) return nothingSelected(session, emptyBatch(job.name, flags));
  const results = await runBatch(session, maas, job, machines, flags);
  if (results) endBatch(session, job.name, results);
}
