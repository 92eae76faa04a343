import { plain } from '../../core/escape/terminal.ts';
import { columns } from '../../core/text/columns.ts';
import { duration } from '../../core/text/human.ts';
import { matcherOf } from '../../nightly/choose-images.ts';
import { QueueClient } from '../../queue/client.ts';
import type { Connection } from '../../queue/connection.ts';
import { liveWorkers, type WorkerEntry } from '../../queue/registry.ts';
import {
  drain,
  type QueueCounts,
  type QueuedUnit,
  queueCounts,
  retry,
  STATES,
  unitsIn,
} from '../../queue/state.ts';
import type { Session } from '../session.ts';
import { openQueue, queueConfig } from './open.ts';
import { QUEUE_SETTINGS } from './options.ts';

export interface StatusOptions {
  limit: number;
}

/** `queue status`: the queues, the workers, and the units that are not finished. */
export async function queueStatus(session: Session, options: StatusOptions): Promise<void> {
  await withClient(session, options, async (client, connection) => {
    const queues = await queueCounts(client, connection);
    const workers = await liveWorkers(connection);
    const total = queues.reduce(
      (sum, { counts }) => sum + STATES.reduce((n, state) => n + counts[state], 0),
      0,
    );
    const units: QueuedUnit[] = [];
    if (options.limit > 0)
      for await (const unit of unitsIn(client, connection)) {
        units.push(unit);
        if (units.length >= options.limit) break;
      }
    const more = Math.max(0, total - units.length);
    session.data({ ok: true, place: connection.place, queues, workers, units, more }, () =>
      statusText(session, { queues, workers, units, more }, Date.now()),
    );
  });
}

/** `queue drain`: takes waiting units out of the queue. */
export async function drainQueue(session: Session, patterns: string[], options: object): Promise<void> {
  await withClient(session, options, async (client, connection) => {
    const images = await drain(client, connection, matching(patterns));
    session.data({ ok: true, images }, () =>
      images.length === 0 ? 'No unit was waiting.' : plain(`Taken out of the queue: ${images.join(', ')}`),
    );
  });
}

/** `queue retry`: puts failed units back into the queue. */
export async function retryQueue(session: Session, patterns: string[], options: object): Promise<void> {
  await withClient(session, options, async (client, connection) => {
    const images = await retry(client, connection, matching(patterns));
    session.data({ ok: true, images }, () =>
      images.length === 0 ? 'No unit has failed.' : plain(`In the queue again: ${images.join(', ')}`),
    );
  });
}

function matching(patterns: string[]): (image: string) => boolean {
  const matchers = patterns.map(matcherOf);
  return (image) => matchers.length === 0 || matchers.some((matches) => matches(image));
}

async function withClient(
  session: Session,
  options: object,
  use: (client: QueueClient, connection: Connection) => Promise<void>,
): Promise<void> {
  const { config } = await queueConfig(session, options, QUEUE_SETTINGS);
  const connection = await openQueue(session, config);
  const client = new QueueClient(connection);
  try {
    await use(client, connection);
  } finally {
    await client.close();
    connection.close();
  }
}

interface Status {
  queues: QueueCounts[];
  workers: WorkerEntry[];
  units: QueuedUnit[];
  more: number;
}

function statusText({ paint }: Session, { queues, workers, units, more }: Status, now: number): string {
  const age = (at: string) => duration(Math.max(0, (now - Date.parse(at)) / 1000));
  const used = queues.filter(
    ({ counts, workers: serving }) => serving > 0 || STATES.some((state) => counts[state] > 0),
  );
  const tables = [
    used.length > 0 &&
      columns(
        ['QUEUE', 'VERSION', 'WAITING', 'BUILDING', 'FAILED', 'WORKERS'],
        used.map(({ label, version, counts, workers: serving }) => [
          ...[label, version, String(counts.waiting + counts.delayed), String(counts.active)],
          ...[String(counts.failed), String(serving)],
        ]),
        paint,
      ),
    workers.length > 0 &&
      columns(
        ['WORKER', 'VERSION', 'BUILDING', 'UP', { head: 'SERVES', wrap: true }],
        workers.map(({ host, pid, version, busy, jobs, since, labels }) => [
          ...[`${host}/${pid}`, version, `${busy.length} of ${jobs}`, age(since), labels.join(', ')],
        ]),
        paint,
      ),
    units.length > 0 &&
      columns(
        ['IMAGE', 'STATE', 'SINCE', 'TRIES', 'QUEUE', { head: 'WORKER, OR WHY', wrap: true }],
        units.map(({ image, state, since, tries, label, worker, why }) => [
          ...[image, state === 'active' ? 'building' : state, age(since), String(tries), label],
          worker ?? why ?? '',
        ]),
        paint,
      ),
    more > 0 && `${more} more units; --limit shows them.`,
  ];
  const text = tables.filter(Boolean).join('\n\n');
  return used.length === 0 && workers.length === 0 ? 'No units, and no workers.' : text;
}
