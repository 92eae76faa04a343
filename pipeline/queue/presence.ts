import { hostname } from 'node:os';
import { announce, cancelledOf, noteQueue, type WorkerEntry, withdraw, workerId } from './registry.ts';
import type { Slots, WorkerOptions } from './slots.ts';
import { labelOf, queueName } from './unit.ts';

/** The signs of life of a worker. With each it asks whether one of its units was cancelled, and looks at its configuration. */
export class Presence {
  readonly #options: WorkerOptions;
  readonly #slots: Slots;
  readonly #since = new Date().toISOString();
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #saw = () => {};
  /** Resolves when the configuration is another one. */
  readonly changed = new Promise<void>((resolve) => {
    this.#saw = resolve;
  });

  constructor(options: WorkerOptions, slots: Slots) {
    this.#options = options;
    this.#slots = slots;
  }

  async begin(): Promise<void> {
    const { connection, needs, origin } = this.#options;
    // Also one without a unit is listed, with its workers.
    for (const need of needs) await noteQueue(connection, need, origin);
    await this.#beat();
    this.#timer = setInterval(() => {
      // One that waits for Redis is enough.
      this.#beating ??= this.#beat()
        .catch(() => {})
        .finally(() => {
          this.#beating = undefined;
        });
    }, this.#options.connection.timing.heartbeatMs);
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await withdraw(this.#options.connection, this.#entry(0).id);
  }

  async #beat(): Promise<void> {
    const { connection, unchanged, emit } = this.#options;
    await announce(connection, this.#entry(await connection.now()));
    for (const id of await cancelledOf(connection, this.#slots.busy)) this.#slots.cancel(id);
    if (await unchanged()) return;
    emit({
      type: 'notice',
      level: 'warning',
      message:
        'The configuration file, or the program, is another one now: this worker ends, and must be started again',
    });
    this.#saw();
  }

  #entry(at: number): WorkerEntry {
    const { needs, origin, jobs } = this.#options;
    return {
      ...{ id: workerId(this.#since), host: hostname(), pid: process.pid, jobs, since: this.#since, at },
      labels: needs.map(labelOf),
      queues: needs.map((need) => queueName(need, origin)),
      busy: this.#slots.busy,
      ...origin,
    };
  }
}
