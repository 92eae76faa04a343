import { hostname } from 'node:os';
import type { Job } from 'bullmq';
import type { Emit } from '../core/events/event.ts';
import { EXIT } from '../core/faults/catalogue.ts';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { parseJson, WrongJson } from '../host/files/read-json.ts';
import { faultText, Reporter } from './carried.ts';
import type { Connection } from './connection.ts';
import { type Origin, UNIT, type Unit, type UnitResult } from './unit.ts';

/** Builds a unit in a process of its own. @throws Fault */
export type Execute = (unit: Unit, context: ExecuteContext) => Promise<UnitResult['results']>;

export interface ExecuteContext {
  /** Each event of the process, as it comes. */
  see(event: unknown): void;
  emit: Emit;
  signal: AbortSignal;
}

/** The reason of an abort: the worker ends, and the unit is for another one. */
export class HandedBack extends Error {}

export interface WorkContext {
  connection: Connection;
  origin: Origin;
  execute: Execute;
  emit: Emit;
  signal: AbortSignal;
}

/** Faults that another try, on whatever host, would meet again. */
const LASTING: readonly number[] = [EXIT.usage, EXIT.config, EXIT.validation];

/**
 * One try of a unit.
 * @throws HandedBack, or an error whose message carries the fault, in the form that decides whether BullMQ tries again
 */
export async function runUnit(job: Job, context: WorkContext): Promise<UnitResult> {
  const { connection, execute, emit, signal } = context;
  const { UnrecoverableError } = connection.engine.bullmq;
  const started = performance.now();
  const worker = `${hostname()}/${process.pid}`;
  // A try that ended with its worker is counted apart by BullMQ.
  const lost = (job.stalledCounter ?? 0) - (Number(job.data?.lostBefore) || 0);
  const attempt = job.attemptsMade + lost;
  const reporter = new Reporter(worker, attempt);
  const report = throttled(() => job.updateProgress(reporter.report()), connection.timing.reportMs);
  let stage: string | null = null;
  try {
    const unit = unitOf(job, context.origin);
    if (attempt >= unit.tries)
      throw new Fault(
        'UNIT_ABANDONED',
        `The build of ${unit.image} was begun ${attempt} times and never ended${lost > 0 ? `: ${lost} times its worker was lost` : ''}`,
        {
          hint: 'Look at the logs of the workers: memory, disk, or the host may have failed.',
        },
      );
    emit({
      type: 'notice',
      level: 'info',
      message: `${unit.image}: begins (try ${attempt + 1} of ${unit.tries})`,
    });
    report();
    const results = await execute(unit, {
      signal,
      emit,
      see(event) {
        const { type, stage: name } = Object(event) as { type?: string; stage?: string };
        if (type === 'stage-start' && name !== undefined) stage = name;
        if (reporter.see(event)) report();
      },
    });
    const seconds = (performance.now() - started) / 1000;
    emit({ type: 'notice', level: 'info', message: `${unit.image}: ends after ${Math.round(seconds)} s` });
    await report.flush();
    return { worker, seconds, results };
  } catch (error) {
    if (signal.reason instanceof HandedBack) throw signal.reason;
    const fault = signal.aborted ? interrupted(signal) : fromSystemError(error, `building ${job.name}`);
    emit({ type: 'notice', level: 'warning', message: `${job.name}: ${fault.message}` });
    await report.flush();
    const said = faultText(fault, stage);
    const final =
      LASTING.includes(fault.exitCode) || ['UNIT_ABANDONED', 'UNIT_CANCELLED'].includes(fault.code);
    throw final ? new UnrecoverableError(said) : new Error(said);
  } finally {
    report.end();
  }
}

/** The unit of a job. @throws Fault UNIT_MISMATCH for one that is not for this worker, which the names of queues prevent */
function unitOf(job: Job, { program, config, version }: Origin): Unit {
  let unit: Unit;
  try {
    unit = parseJson(JSON.stringify(job.data), UNIT, 'the unit');
  } catch (error) {
    if (!(error instanceof WrongJson)) throw error;
    throw new Fault('UNIT_MISMATCH', `A unit that cannot be read is in the queue: ${error.message}`, {
      cause: error,
    });
  }
  if (unit.program !== program || unit.config !== config)
    throw new Fault(
      'UNIT_MISMATCH',
      `The unit is for version ${unit.version} and another ${unit.program === program ? 'configuration' : 'program'} than that of this worker (${version})`,
    );
  return unit;
}

interface Throttled {
  (): void;
  /** Sends what is not sent yet. */
  flush(): Promise<void>;
  end(): void;
}

/** Calls at most once in so many milliseconds, and never twice at the same time. */
function throttled(send: () => Promise<unknown>, everyMs: number): Throttled {
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<unknown> | undefined;
  let more = false;
  const now = () => {
    timer = undefined;
    if (sending) {
      more = true;
      return;
    }
    more = false;
    sending = send()
      .catch(() => {})
      .finally(() => {
        sending = undefined;
        if (more) call();
      });
  };
  const call = () => {
    timer ??= setTimeout(now, everyMs);
  };
  return Object.assign(call, {
    async flush() {
      const due = timer !== undefined || more;
      clearTimeout(timer);
      timer = undefined;
      more = false;
      // The one on its way has not seen the newest.
      await sending;
      if (due) await send().catch(() => {});
    },
    end() {
      clearTimeout(timer);
      timer = undefined;
      more = false;
    },
  });
}
