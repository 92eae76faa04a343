import pLimit from 'p-limit';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { MaasClient } from '../api/client.ts';
import { explainWaited } from './explain-waited.ts';
import type { Decision, Job, JobResult } from './job.ts';
import { statusName } from './status.ts';
import type { Machine, StateTimeouts, WaitOptions } from './types.ts';
import { waitFor } from './wait.ts';

/** Machines that are asked for the reasons of their failure at once: three requests each. */
const EXPLAINED_AT_ONCE = 4;

const TIME_IS_UP = 'the time limit of the batch was reached before it started';
/** Requests sent at the same time; a region has few workers. */
export const REQUESTS_AT_ONCE = 8;

export interface JobSettings {
  /** Machines in progress at the same time. */
  concurrency: number;
  timeouts: Partial<StateTimeouts>;
  /** Seconds for the whole wait. */
  timeoutS?: number;
  /** false: return as soon as it is begun. */
  wait: boolean;
  pollMs?: number;
  emit: Emit;
  signal: AbortSignal;
  /** Asks a person to do something at machines that MAAS cannot power; resolves when that is done or not asked for. */
  askByHand: (requests: readonly { machine: Machine; request: string }[]) => Promise<void>;
}

export interface Planned {
  machine: Machine;
  decision: Decision;
}

/** Judges every machine; touches none. */
export function plan(job: Job, machines: readonly Machine[]): Planned[] {
  return machines.map((machine) => ({ machine, decision: job.decide(machine) }));
}

/**
 * Does the job with every machine that is planned for it, the next as soon as one is through, and waits for all that are on
 * their way by one request each time. The result of one machine does not affect the others.
 * @throws Fault INTERRUPTED; the machines go on in MAAS
 */
export async function runJob(
  client: MaasClient,
  job: Job,
  planned: readonly Planned[],
  settings: JobSettings,
): Promise<JobResult[]> {
  const results = new Map<string, JobResult>();
  const waiting: Machine[] = [];
  const note = (machine: Machine, result: Omit<JobResult, 'hostname' | 'systemId' | 'before'>) => {
    const before = planned.find((one) => one.machine.systemId === machine.systemId)?.machine ?? machine;
    const { hostname, systemId } = machine;
    results.set(systemId, { hostname, systemId, before: before.status, ...result });
  };

  for (const { machine, decision } of planned) {
    if (decision.do === 'refuse') note(machine, { ...failure(decision.fault, machine), outcome: 'refused' });
    if (decision.do === 'nothing')
      note(machine, { outcome: 'already', after: machine.status, seconds: 0, cause: decision.why });
    if (decision.do === 'wait') waiting.push(machine);
  }
  const toStart = planned.filter(({ decision }) => decision.do === 'start').map(({ machine }) => machine);
  settings.emit({ type: 'machines-start', count: waiting.length + toStart.length });
  if (toStart.length > 0) await job.prepare?.(client, toStart);
  // An operation with a single request for all machines does not load the racks.
  const atOnce = job.startMany ? Number.POSITIVE_INFINITY : settings.concurrency;
  const { timeoutS = Number.POSITIVE_INFINITY } = settings;
  const end = performance.now() + timeoutS * 1000;
  /** Starts others until so many are on their way, or none is left. */
  const start = async (free: number): Promise<Machine[]> => {
    const begun: Machine[] = [];
    if (performance.now() >= end)
      for (const machine of toStart.splice(0))
        note(machine, { outcome: 'untouched', after: machine.status, seconds: 0, cause: TIME_IS_UP });
    while (begun.length < free && toStart.length > 0) {
      const some = toStart.splice(0, free - begun.length);
      for (const { machine, started } of await startAll(client, job, some, settings)) {
        if (started instanceof Fault) note(machine, { ...failure(started, machine), outcome: 'failed' });
        else begun.push(started);
      }
    }
    return begun;
  };
  if (settings.wait)
    await waitAll(client, job, waiting, { ...settings, more: (open) => start(atOnce - open) }, note);
  else
    for (const machine of [...waiting, ...(await start(toStart.length))])
      note(machine, { outcome: 'started', after: machine.status, seconds: 0 });
  return planned.map(({ machine }) => results.get(machine.systemId) as JobResult);
}

async function startAll(
  client: MaasClient,
  job: Job,
  machines: readonly Machine[],
  { emit, signal, askByHand }: JobSettings,
): Promise<{ machine: Machine; started: Machine | Fault }[]> {
  const many = job.startMany && machines.length > 1 ? await startTogether(client, job, machines) : undefined;
  const limit = pLimit(REQUESTS_AT_ONCE);
  const all = await Promise.all(
    machines.map((machine) =>
      limit(async () => {
        if (signal.aborted) throw signal.reason;
        const started =
          many?.get(machine.systemId) ??
          (await job.start(client, machine).catch((error: unknown) => {
            if (error instanceof Fault && !signal.aborted) return error;
            throw error;
          }));
        if (started instanceof Fault)
          emit({
            type: 'machine-state',
            machine: machine.hostname,
            state: statusName(machine.status),
            note: started.message,
            end: 'failed',
          });
        return { machine, started };
      }),
    ),
  );
  const { byHand } = job;
  if (byHand)
    await askByHand(
      all
        .filter(({ machine, started }) => machine.powerType === 'manual' && !(started instanceof Fault))
        .map(({ machine }) => ({ machine, request: byHand(machine) })),
    );
  return all;
}

/** One request for all; undefined where MAAS refuses it as a whole, so that each is tried by itself. */
async function startTogether(
  client: MaasClient,
  job: Job,
  machines: readonly Machine[],
): Promise<Map<string, Machine> | undefined> {
  try {
    const started = (await job.startMany?.(client, machines)) ?? [];
    return new Map(started.map((machine) => [machine.systemId, machine]));
  } catch (error) {
    if (error instanceof Fault && error.code !== 'INTERRUPTED') return undefined;
    throw error;
  }
}

async function waitAll(
  client: MaasClient,
  job: Job,
  machines: readonly Machine[],
  settings: JobSettings & Pick<WaitOptions, 'more'>,
  note: (machine: Machine, result: Omit<JobResult, 'hostname' | 'systemId' | 'before'>) => void,
): Promise<void> {
  const { emit, signal, timeoutS, timeouts, pollMs, more } = settings;
  const begun = [...machines];
  const waited = await waitFor(client, machines, job.until, {
    ...{ emit, signal, timeouts, started: !job.patient },
    more: async (open) => {
      const others = (await more?.(open)) ?? [];
      begun.push(...others);
      return others;
    },
    ...(timeoutS === undefined ? {} : { timeoutS }),
    ...(pollMs === undefined ? {} : { pollMs }),
  });
  const limit = pLimit(EXPLAINED_AT_ONCE);
  await Promise.all(
    waited.map((one) =>
      limit(async () => {
        const machine = begun.find(({ systemId }) => systemId === one.systemId) as Machine;
        const after = one.machine?.status ?? machine.status;
        if (one.outcome === 'reached') note(machine, { outcome: 'done', after, seconds: one.seconds });
        else {
          const why = await explainWaited(client, one, settings.timeouts);
          // MAAS itself breaks off what cannot go on: that is a failure with a cause, and nobody's doing.
          const outcome = one.outcome === 'ended' && why.reason !== 'ended' ? 'failed' : one.outcome;
          note(machine, { ...why, outcome, after, seconds: one.seconds });
        }
      }),
    ),
  );
}

function failure(
  fault: Fault,
  machine: Machine,
): Omit<JobResult, 'hostname' | 'systemId' | 'before' | 'outcome'> {
  return {
    after: machine.status,
    seconds: 0,
    cause: fault.message,
    reason: fault.code,
    ...(fault.hint ? { remedy: fault.hint } : {}),
    ...(fault.detail ? { detail: fault.detail } : {}),
  };
}
