import type { Job } from 'bullmq';
import { differenceFrom } from '../host/files/read-json.ts';
import { faultFrom } from './carried.ts';
import type { QueueClient } from './client.ts';
import type { Connection } from './connection.ts';
import { knownQueues, liveWorkers, type QueueEntry, type WorkerEntry, whyWaiting } from './registry.ts';
import { UNIT, type Unit } from './unit.ts';

/** The states that somebody asks for; finished units are in the store. */
export const STATES = ['active', 'waiting', 'delayed', 'failed'] as const;
export type UnitState = (typeof STATES)[number];

export interface QueueCounts extends QueueEntry {
  counts: Record<UnitState, number>;
  /** Workers that take its units. */
  workers: number;
}

export interface QueuedUnit {
  id: string;
  image: string;
  state: UnitState;
  label: string;
  version: string;
  /** ISO 8601: submitted, begun, or failed. */
  since: string;
  /** Tries that have begun. */
  tries: number;
  /** The worker that builds it. */
  worker: string | null;
  /** Why nobody takes it, or why it has failed. */
  why: string | null;
}

/** Units are read in pages of so many, so that ten thousand take no more memory than these. */
const PAGE = 200;

export async function queueCounts(client: QueueClient, connection: Connection): Promise<QueueCounts[]> {
  const workers = await liveWorkers(connection);
  const found: QueueCounts[] = [];
  for (const entry of await knownQueues(connection)) {
    const counts = (await client.queue(entry.name).getJobCounts(...STATES)) as Record<UnitState, number>;
    found.push({
      ...entry,
      counts,
      workers: workers.filter(({ queues }) => queues.includes(entry.name)).length,
    });
  }
  return found;
}

/** Every unit in one of the states, a page at a time. */
export async function* jobsIn(
  client: QueueClient,
  entries: readonly QueueEntry[],
  states: readonly UnitState[],
): AsyncGenerator<{ job: Job; state: UnitState; entry: QueueEntry }> {
  for (const entry of entries)
    for (const state of states)
      for (let from = 0; ; from += PAGE) {
        const jobs = (await client.queue(entry.name).getJobs([state], from, from + PAGE - 1, true)) as (
          | Job
          | undefined
        )[];
        // One that has just been removed is not there any more.
        for (const job of jobs) if (job) yield { job, state, entry };
        if (jobs.length < PAGE) break;
      }
}

export async function* unitsIn(client: QueueClient, connection: Connection): AsyncGenerator<QueuedUnit> {
  const workers = await liveWorkers(connection);
  for await (const { job, state, entry } of jobsIn(client, await knownQueues(connection), STATES))
    yield unitOf(job, state, entry, workers);
}

function unitOf(
  job: Job,
  state: UnitState,
  { label }: QueueEntry,
  workers: readonly WorkerEntry[],
): QueuedUnit {
  const id = job.id as string;
  const at = {
    active: job.processedOn,
    failed: job.finishedOn,
    waiting: job.timestamp,
    delayed: job.timestamp,
  }[state];
  const unit = differenceFrom(UNIT, job.data) === null ? (job.data as Unit) : undefined;
  const worker = workers.find(({ busy }) => busy.includes(id));
  return {
    ...{ id, image: job.name, state, label, version: unit?.version ?? '' },
    since: new Date(at ?? job.timestamp).toISOString(),
    tries:
      job.attemptsMade + (job.stalledCounter ?? 0) - (unit?.lostBefore ?? 0) + (state === 'active' ? 1 : 0),
    worker: state === 'active' && worker ? `${worker.host}/${worker.pid}` : null,
    why: whyOf(),
  };

  function whyOf(): string | null {
    if (state === 'active') return null;
    const failure = job.failedReason ? faultFrom(job.failedReason, job.name).fault.message : null;
    return state === 'failed' ? failure : ((unit && whyWaiting(unit, workers)) ?? failure);
  }
}

/** Takes waiting units out; those that are built continue. @returns their images */
export async function drain(
  client: QueueClient,
  connection: Connection,
  wanted: (image: string) => boolean,
): Promise<string[]> {
  const out: string[] = [];
  const jobs: Job[] = [];
  // Collected first: removing while pages are read would skip some.
  for await (const { job } of jobsIn(client, await knownQueues(connection), ['waiting', 'delayed']))
    if (wanted(job.name)) jobs.push(job);
  // One that a worker has taken meanwhile is locked.
  for (const job of jobs)
    if (
      await job.remove().then(
        () => true,
        () => false,
      )
    )
      out.push(job.name);
  return out;
}

/** Puts failed units back into the queue, with all their tries. @returns their images */
export async function retry(
  client: QueueClient,
  connection: Connection,
  wanted: (image: string) => boolean,
): Promise<string[]> {
  const again: string[] = [];
  const jobs: Job[] = [];
  for await (const { job } of jobsIn(client, await knownQueues(connection), ['failed']))
    if (wanted(job.name)) jobs.push(job);
  for (const job of jobs) if (await client.again(job, 'failed')) again.push(job.name);
  return again;
}
