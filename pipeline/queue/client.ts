import type { Job, Queue, QueueEvents } from 'bullmq';
import type { Event } from '../core/events/event.ts';
import { Fault } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { parseJson } from '../host/files/read-json.ts';
import { faultFrom, type Report, reportOf } from './carried.ts';
import { type Connection, PREFIX } from './connection.ts';
import {
  cancel,
  forgetQueue,
  liveWorkers,
  noteQueue,
  revive,
  unusedQueues,
  type WorkerEntry,
  whyWaiting,
} from './registry.ts';
import { UNIT, type Unit, type UnitResult, unitId } from './unit.ts';

/** Ended units that are remembered: who follows one later still finds its end. */
const KEEP = { age: 24 * 3600, count: 1000 };
/** Bytes of events that a stream of Redis keeps for those who follow. */
const EVENTS_KEPT = 1000;

export interface FollowOptions {
  /** Gets each event that the worker reports once. */
  emit(event: Event): void;
  signal: AbortSignal;
}

interface Followed {
  wake(): void;
  /** Gets the workers while no worker has the unit. */
  look: ((workers: readonly WorkerEntry[]) => void) | undefined;
}

/** Looks of the timer after which each followed unit was looked at once: events report everything, and one may get lost with Redis. */
const ROUND = 20;

/** The side of the queue that submits units and follows them. */
export class QueueClient {
  readonly #connection: Connection;
  readonly #queues = new Map<string, Queue>();
  readonly #events = new Map<string, QueueEvents>();
  readonly #followed = new Map<string, Followed>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #round = 0;
  readonly #wakeAll = () => {
    for (const { wake } of this.#followed.values()) wake();
  };

  constructor(connection: Connection) {
    this.#connection = connection;
    // Events may be lost with a Redis that restarts.
    connection.redis.on('ready', this.#wakeAll);
  }

  queue(name: string): Queue {
    const known = this.#queues.get(name);
    if (known) return known;
    const { engine, redis } = this.#connection;
    const queue = new engine.bullmq.Queue(name, {
      connection: redis,
      prefix: PREFIX,
      streams: { events: { maxLen: EVENTS_KEPT } },
    });
    // The connection reports its outages itself.
    queue.on('error', () => {});
    this.#queues.set(name, queue);
    return queue;
  }

  /**
   * Puts a unit into the queue of its need. One that is there already is joined, whoever has submitted it; one that has ended is
   * run again, since who submits it has not found its result.
   * @returns the unit in the queue, which may have been submitted earlier
   */
  async submit(unit: Unit): Promise<Unit> {
    const queue = this.queue(await noteQueue(this.#connection, unit.need, unit));
    const id = unitId(unit);
    await revive(this.#connection, id);
    const { retryMs } = this.#connection.timing;
    await queue.add(unit.image, unit, {
      jobId: id,
      attempts: unit.tries,
      backoff: { type: 'exponential', delay: retryMs },
      removeOnComplete: KEEP,
      removeOnFail: KEEP,
      keepLogs: 0,
    });
    const job = (await queue.getJob(id)) as Job | undefined;
    const state = job && (await job.getState());
    if (job && (state === 'completed' || state === 'failed')) {
      job.data = unit;
      await this.again(job, state);
    }
    return job ? parseJson(JSON.stringify(job.data), UNIT, `unit ${id}`) : unit;
  }

  /** Puts an ended unit into the queue again. @returns false where another submitter was faster */
  async again(job: Job, state: 'completed' | 'failed'): Promise<boolean> {
    // BullMQ goes on counting them.
    await job.updateData({ ...job.data, lostBefore: job.stalledCounter ?? 0 });
    return job.retry(state, { resetAttemptsMade: true }).then(
      () => true,
      () => false,
    );
  }

  /**
   * Waits for the end of a unit. Events of Redis wake it up, and its state decides.
   * @throws the Fault that the unit ended with; UNIT_CANCELLED when it was taken out of the queue; INTERRUPTED
   */
  async follow(unit: Unit, { emit, signal }: FollowOptions): Promise<UnitResult> {
    const queue = this.queue(await noteQueue(this.#connection, unit.need, unit));
    await this.#listen(queue.name);
    const id = unitId(unit);
    let wake = () => {};
    const seen = new Seen(emit);
    const waiting = new Waiting(unit, emit);
    const followed: Followed = { wake: () => wake(), look: undefined };
    this.#followed.set(id, followed);
    this.#timer ??= setInterval(() => this.#look(), this.#connection.timing.pollMs);
    const stop = () => wake();
    signal.addEventListener('abort', stop);
    try {
      for (;;) {
        const news = new Promise<void>((resolve) => {
          wake = resolve;
        });
        if (signal.aborted) throw interrupted(signal);
        // Before the job: one that ends meanwhile is looked at again, with its last report.
        const state = await queue.getJobState(id);
        const job = (await queue.getJob(id)) as Job | undefined;
        if (!job)
          throw new Fault('UNIT_CANCELLED', `The build of ${unit.image} was taken out of the queue`, {
            hint: 'Run the command again to submit it again.',
          });
        seen.see(reportOf(job.progress));
        if (state === 'completed') return job.returnvalue as UnitResult;
        if (state === 'failed') {
          const { fault, stage } = faultFrom(job.failedReason ?? '', unit.image);
          if (stage) emit({ type: 'stage-failed', image: unit.image, stage, seconds: 0, error: fault });
          throw fault;
        }
        seen.failed(job, unit);
        followed.look = state === 'active' ? undefined : (workers) => waiting.look(workers);
        await news;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.#followed.delete(id);
    }
  }

  /** Takes a unit out of the queue, or asks its worker to end it. */
  async cancel(unit: Unit): Promise<void> {
    const id = unitId(unit);
    await cancel(this.#connection, id);
    const job = await this.queue(await noteQueue(this.#connection, unit.need, unit)).getJob(id);
    // One that is being built is locked; its worker sees the request.
    await job?.remove().catch(() => {});
  }

  /** Deletes queues of earlier versions and configurations that nobody has used for two weeks. */
  async tidy(): Promise<void> {
    for (const { name } of await unusedQueues(this.#connection)) {
      const queue = this.queue(name);
      const counts = await queue.getJobCounts('active', 'waiting', 'delayed', 'prioritized');
      if (Object.values(counts).some((count) => count > 0)) continue;
      await queue.obliterate().catch(() => {});
      await forgetQueue(this.#connection, name);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#connection.redis.off('ready', this.#wakeAll);
    for (const events of this.#events.values()) await events.close().catch(() => {});
    for (const queue of this.#queues.values()) await queue.close().catch(() => {});
  }

  /** One request for the workers, whatever the number of units, and a look at some of the units. */
  async #look(): Promise<void> {
    if (this.#looking || this.#followed.size === 0) return;
    this.#looking = true;
    try {
      const all = [...this.#followed.values()];
      for (const [index, { wake }] of all.entries()) if (index % ROUND === this.#round % ROUND) wake();
      this.#round = (this.#round + 1) % Math.min(ROUND, all.length);
      if (!all.some(({ look }) => look)) return;
      const workers = await liveWorkers(this.#connection).catch(() => undefined);
      if (workers) for (const { look } of this.#followed.values()) look?.(workers);
    } finally {
      this.#looking = false;
    }
  }

  async #listen(name: string): Promise<void> {
    if (this.#events.has(name)) return;
    const { engine, redis } = this.#connection;
    const events = new engine.bullmq.QueueEvents(name, { connection: redis, prefix: PREFIX });
    this.#events.set(name, events);
    events.on('error', () => {});
    const wake = ({ jobId }: { jobId: string }) => this.#followed.get(jobId)?.wake();
    for (const type of [
      'active',
      'progress',
      'completed',
      'failed',
      'removed',
      'waiting',
      'delayed',
    ] as const)
      events.on(type, wake);
    await events.waitUntilReady();
  }
}

/** Passes on each lasting event of a unit's reports once. */
class Seen {
  readonly #emit: (event: Event) => void;
  #attempt = -1;
  #count = 0;
  #live = new Map<string, Event>();
  #failure = '';

  constructor(emit: (event: Event) => void) {
    this.#emit = emit;
  }

  /** A try that has failed, where another follows. */
  failed({ failedReason = '', attemptsMade }: Job, { image, tries }: Unit): void {
    if (!failedReason || failedReason === this.#failure) return;
    this.#failure = failedReason;
    const { fault } = faultFrom(failedReason, image);
    const message = `try ${attemptsMade} of ${tries} failed: ${fault.message}`;
    this.#emit({ type: 'notice', level: 'warning', message, ...(fault.hint && { hint: fault.hint }) });
  }

  see(report: Report | undefined): void {
    if (!report) return;
    const { worker, attempt, kept, live } = report;
    if (attempt !== this.#attempt) {
      const again = this.#attempt >= 0;
      this.#emit({
        type: 'notice',
        level: 'info',
        message: again ? `worker ${worker} continues` : `worker ${worker} builds it`,
      });
      this.#attempt = attempt;
      this.#count = 0;
    }
    for (const event of kept.slice(this.#count)) this.#emit(event);
    this.#count = Math.max(this.#count, kept.length);
    const moving = new Map<string, Event>();
    for (const event of live)
      if (event.type === 'progress' || event.type === 'activity') moving.set(event.id, event);
    for (const id of this.#live.keys()) if (!moving.has(id)) this.#emit({ type: 'activity-end', id });
    for (const [id, event] of moving)
      if (JSON.stringify(this.#live.get(id)) !== JSON.stringify(event)) this.#emit(event);
    this.#live = moving;
  }
}

/** Says once why nobody takes a unit, and again when the reason is another one. */
class Waiting {
  readonly #unit: Unit;
  readonly #emit: (event: Event) => void;
  #said: string | null = null;

  constructor(unit: Unit, emit: (event: Event) => void) {
    this.#unit = unit;
    this.#emit = emit;
  }

  look(workers: readonly WorkerEntry[]): void {
    const why = whyWaiting(this.#unit, workers);
    if (why === this.#said) return;
    this.#said = why;
    this.#emit(
      why === null
        ? { type: 'notice', level: 'info', message: 'a worker for it is running now' }
        : {
            type: 'notice',
            level: 'warning',
            message: `waits in the queue: ${why}`,
            hint: 'Start one with: dgxos-maas worker',
          },
    );
  }
}
