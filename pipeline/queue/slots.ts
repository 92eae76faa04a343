import type { Job } from 'bullmq';
import type { Emit } from '../core/events/event.ts';
import { Fault } from '../core/faults/fault.ts';
import type { Connection } from './connection.ts';
import type { Tally } from './metrics.ts';
import type { Need, Origin } from './unit.ts';
import { type Execute, HandedBack, runUnit } from './work.ts';

export interface WorkerOptions {
  connection: Connection;
  /** Its program and configuration: it takes no units of others. */
  origin: Origin;
  needs: readonly Need[];
  /** Units built at the same time. */
  jobs: number;
  /** Milliseconds that a unit may go on after the signal, before it is handed back. */
  graceMs: number;
  execute: Execute;
  /** The address at which Prometheus may ask. */
  metrics?: { host: string; port: number } | undefined;
  tally: Tally;
  /** Whether the configuration is still the one that the worker began with. */
  unchanged(): Promise<boolean>;
  emit: Emit;
  /** Asks it to end: no more units are taken, those that run are finished within the grace. */
  signal: AbortSignal;
}

/** The units that are built at the moment. */
export class Slots {
  readonly #options: WorkerOptions;
  readonly #running = new Map<string, AbortController>();
  readonly #lost = new Set<string>();
  #whenIdle: (() => void)[] = [];
  draining = false;
  onFull = () => {};
  onFree = () => {};

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  get busy(): string[] {
    return [...this.#running.keys()];
  }

  /**
   * Builds a unit. A paused worker of BullMQ that was waiting for a job takes one more: it is handed back.
   * @throws errors that BullMQ takes for the end of the job
   */
  async run(job: Job, token: string): Promise<unknown> {
    const { connection, jobs, needs, tally } = this.#options;
    const { WaitingError } = connection.engine.bullmq;
    const id = job.id as string;
    // The same unit twice: its lock was lost while this worker goes on with it.
    if (this.draining || this.#running.size >= jobs || this.#running.has(id)) {
      await this.#handBack(job, token);
      throw new WaitingError();
    }
    const controller = new AbortController();
    this.#running.set(id, controller);
    if (this.#running.size >= jobs && needs.length > 1) this.onFull();
    const started = performance.now();
    const count = (how: keyof Tally['ends']) => tally.end(how, (performance.now() - started) / 1000);
    try {
      const result = await runUnit(job, { ...this.#options, signal: controller.signal });
      count('built');
      return result;
    } catch (error) {
      count(error instanceof HandedBack ? 'handed_back' : 'failed');
      if (!(error instanceof HandedBack)) throw error;
      await job.moveToWait(token);
      throw new WaitingError();
    } finally {
      this.#running.delete(id);
      this.#lost.delete(id);
      if (!this.draining && needs.length > 1 && this.#running.size === jobs - 1) this.onFree();
      if (this.#running.size === 0) for (const wake of this.#whenIdle.splice(0)) wake();
    }
  }

  /** The unit may be begun by another worker: the lock has ended, since Redis was away, or this host was asleep. */
  lost(id: string): void {
    if (!this.#running.has(id) || this.#lost.has(id)) return;
    this.#lost.add(id);
    this.#options.emit({
      type: 'notice',
      level: 'warning',
      message: `${id}: the lock has ended meanwhile, so another worker may begin it too; this build continues, and the store keeps the first result`,
    });
  }

  /** Ends the build of a unit, which its submitter does not want any more. */
  cancel(id: string): void {
    this.#running.get(id)?.abort(new Fault('UNIT_CANCELLED', `The build of ${id} was cancelled`));
  }

  handBackAll(): void {
    for (const controller of this.#running.values()) controller.abort(new HandedBack());
  }

  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  async #handBack(job: Job, token: string): Promise<void> {
    // Not at once to the same worker again.
    if (this.#running.has(job.id as string))
      await job.moveToDelayed(Date.now() + this.#options.connection.timing.stalledMs, token).catch(() => {});
    else await job.moveToWait(token).catch(() => {});
  }
}
