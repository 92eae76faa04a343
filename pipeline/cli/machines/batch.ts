import type { Config } from '../../config/types.ts';
import { EXIT } from '../../core/faults/catalogue.ts';
import type { MaasClient } from '../../maas/api/client.ts';
import { type Job, type JobResult, succeeded } from '../../maas/machines/job.ts';
import { type Planned, plan, runJob } from '../../maas/machines/run-job.ts';
import { planTable, resultTable } from '../../maas/machines/tables.ts';
import type { Machine } from '../../maas/machines/types.ts';
import { askByHand, confirm, noticeOf, terminal } from '../confirm.ts';
import type { Session } from '../session.ts';

export interface BatchFlags {
  yes?: boolean;
  dryRun?: boolean;
  wait?: boolean;
  timeout?: number;
  concurrency?: number;
  prompt?: boolean;
}

/**
 * Shows what a job will touch, asks where it harms, does it, and gives what came of each machine.
 * @returns undefined after a dry run
 */
export async function runBatch(
  session: Session,
  { client, config }: { client: MaasClient; config: Config },
  job: Job,
  machines: readonly Machine[],
  flags: BatchFlags,
): Promise<JobResult[] | undefined> {
  const { emit, signal } = session;
  const planned = plan(job, machines);
  const io = terminal(session);
  if (flags.dryRun) {
    session.data({ ok: true, action: job.name, dryRun: true, machines: planned.map(plannedJson) }, () =>
      planTable(job.what, planned, session.paint),
    );
    return undefined;
  }
  const starting = planned.filter(({ decision }) => decision.do === 'start');
  if (starting.some(({ machine }) => job.destructive(machine))) {
    const shown = planTable(job.what, planned, io.paint);
    if (flags.yes) emit(noticeOf(shown));
    await confirm(shown, { yes: flags.yes === true, signal, io });
  }
  try {
    return await runJob(client, job, planned, {
      emit,
      signal,
      concurrency: flags.concurrency ?? config.machines.concurrency,
      timeouts: config.machines.timeouts,
      ...(flags.timeout === undefined ? {} : { timeoutS: flags.timeout }),
      wait: flags.wait !== false,
      askByHand: (requests) =>
        askByHand(
          requests.map(({ request }) => request),
          {
            io,
            prompt: flags.prompt !== false,
            signal,
            print: (text) => emit(noticeOf(text)),
          },
        ),
    });
  } catch (error) {
    if (signal.aborted) emit({ type: 'notice', level: 'warning', ...takeUp(job, planned) });
    throw error;
  }
}

/** Says the end of a batch; the exit code is 7 when a machine is not where it should be. */
export function endBatch(
  session: Session,
  action: string,
  results: readonly JobResult[],
  more: object = {},
): void {
  const ok = results.every(succeeded);
  if (!ok) session.exitCode = EXIT.maas;
  session.data({ ok, action, ...more, machines: results }, () => resultTable(results, session.paint));
}

/** The JSON of a batch of no machine, besides `ok`. */
export function emptyBatch(action: string, { dryRun }: BatchFlags): object {
  return { action, ...(dryRun ? { dryRun } : {}), machines: [] };
}

function plannedJson({ machine, decision }: Planned): object {
  const { hostname, systemId, status } = machine;
  return {
    ...{ hostname, systemId, status, do: decision.do },
    ...('why' in decision ? { why: decision.why } : {}),
    ...('fault' in decision ? { why: decision.fault.message } : {}),
  };
}

/** A command line stays short: of more machines the same command is as good. */
const NAMED = 20;

function takeUp(job: Job, planned: readonly Planned[]): { message: string; hint: string } {
  const names = planned
    .filter(({ decision }) => decision.do === 'start' || decision.do === 'wait')
    .map(({ machine }) => machine.hostname);
  const { until } = job;
  const waitable = Array.isArray(until) && names.length <= NAMED;
  return {
    message: 'Interrupted; MAAS continues what was started',
    hint: waitable
      ? `To wait for it: dgxos-maas machines wait ${names.join(' ')} --for ${until.join(',')}; or run the same command again, which starts nothing twice.`
      : 'Run the same command again: it starts nothing twice.',
  };
}
