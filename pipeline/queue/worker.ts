import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Worker } from 'bullmq';
import { PREFIX } from './connection.ts';
import { serveMetrics } from './metrics.ts';
import { Presence } from './presence.ts';
import { Slots, type WorkerOptions } from './slots.ts';
import { type Need, queueName } from './unit.ts';

/** The time for Redis to hear of a worker's end. */
const GOODBYE_MS = 3000;

/**
 * Takes units of its queues and builds them until it is asked to end.
 * @returns `changed` where it has ended by itself, since its configuration is another one now
 */
export async function serve(options: WorkerOptions): Promise<'drained' | 'changed'> {
  const { connection, emit, signal } = options;
  const slots = new Slots(options);
  const presence = new Presence(options, slots);
  const { origin, jobs, tally } = options;
  const endMetrics =
    options.metrics &&
    (await serveMetrics(options.metrics, { connection, origin, jobs, tally, busy: () => slots.busy.length }));
  const workers = options.needs.map((need) => open(need));
  slots.onFull = () => {
    for (const worker of workers) void worker.pause(true);
  };
  slots.onFree = () => {
    for (const worker of workers) void worker.resume();
  };
  await presence.begin();
  emit({ type: 'notice', level: 'info', message: `ready: waits for units on ${connection.place}` });
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const why = await Promise.race([
    ended.then(() => 'drained' as const),
    presence.changed.then(() => 'changed' as const),
  ]);
  await drain();
  return why;

  function open(need: Need): Worker {
    const { engine, redis, timing } = connection;
    const worker = new engine.bullmq.Worker(
      queueName(need, options.origin),
      (job: Job, token?: string) => slots.run(job, token as string),
      {
        connection: redis,
        prefix: PREFIX,
        concurrency: options.jobs,
        lockDuration: timing.lockMs,
        lockRenewTime: timing.renewMs,
        stalledInterval: timing.stalledMs,
        // A unit whose worker was lost counts as a try; see runUnit. By default BullMQ fails it the second time.
        maxStalledCount: 1_000_000,
        // After an error of Redis; BullMQ waits for 15 s.
        runRetryDelay: 1000,
      },
    );
    // The connection reports its outages itself.
    worker.on('error', () => {});
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) slots.lost(id);
    });
    return worker;
  }

  /** Finishes what runs within the grace, hands back the rest. */
  async function drain(): Promise<void> {
    slots.draining = true;
    for (const worker of workers) void worker.pause(true);
    if (slots.busy.length > 0)
      emit({
        type: 'notice',
        level: 'info',
        message: `Ends after ${slots.busy.join(', ')}, or hands back what is not finished in ${Math.round(options.graceMs / 1000)} s`,
      });
    await Promise.race([slots.idle(), sleep(options.graceMs, undefined, { ref: false })]);
    slots.handBackAll();
    await slots.idle();
    await endMetrics?.();
    const goodbye = Promise.allSettled([presence.end(), ...workers.map((worker) => worker.close())]);
    await Promise.race([goodbye, sleep(GOODBYE_MS)]);
  }
}
