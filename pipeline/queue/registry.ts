import { hostname } from 'node:os';
import { parseJson, WrongJson } from '../host/files/read-json.ts';
import { count, list, object, type Shape, text } from '../host/files/shape.ts';
import { type Connection, PREFIX } from './connection.ts';
import { labelOf, type Need, type Origin, queueName, type Unit } from './unit.ts';

/** A worker as it announces itself. */
export interface WorkerEntry extends Origin {
  id: string;
  host: string;
  pid: number;
  /** Labels of the needs that it serves. */
  labels: string[];
  queues: string[];
  jobs: number;
  /** Ids of the units that it builds at the moment. */
  busy: string[];
  /** ISO 8601. */
  since: string;
  /** Milliseconds by the clock of Redis. */
  at: number;
}

/** A queue with at least one unit since it was made. */
export interface QueueEntry extends Origin {
  name: string;
  label: string;
  at: number;
}

const ORIGIN = { version: text, program: text, config: text };
const WORKER: Shape<WorkerEntry> = object({
  ...{ id: text, host: text, pid: count, labels: list(text), queues: list(text), jobs: count },
  ...{ busy: list(text), since: text, at: count, ...ORIGIN },
});
const QUEUE: Shape<QueueEntry> = object({ name: text, label: text, at: count, ...ORIGIN });

const WORKERS = `${PREFIX}:workers`;
const QUEUES = `${PREFIX}:queues`;
const CANCELLED = `${PREFIX}:cancelled`;

/** A cancellation is remembered for so long: a worker that is away may come back. */
const CANCELLED_FOR_MS = 24 * 3600 * 1000;
/** A queue without units that was not used for so long is deleted. */
const UNUSED_MS = 14 * 24 * 3600 * 1000;

export const workerId = (since: string) => `${hostname()}/${process.pid}/${since}`;

export async function announce({ redis }: Connection, entry: WorkerEntry): Promise<void> {
  await redis.hset(WORKERS, entry.id, JSON.stringify(entry));
}

export async function withdraw({ redis }: Connection, id: string): Promise<void> {
  await redis.hdel(WORKERS, id);
}

/** The workers that have given a sign of life; the others are forgotten after a while. */
export async function liveWorkers(connection: Connection): Promise<WorkerEntry[]> {
  const { redis, timing } = connection;
  const now = await connection.now();
  const entries = entriesOf(await redis.hgetall(WORKERS), WORKER);
  const gone = entries.filter(({ at }) => now - at > 100 * timing.aliveMs);
  if (gone.length > 0) await redis.hdel(WORKERS, ...gone.map(({ id }) => id));
  return entries.filter(({ at }) => now - at <= timing.aliveMs).sort((a, b) => (a.id < b.id ? -1 : 1));
}

export async function noteQueue(connection: Connection, need: Need, origin: Origin): Promise<string> {
  const name = queueName(need, origin);
  const { version, program, config } = origin;
  const entry = { name, label: labelOf(need), at: await connection.now(), version, program, config };
  await connection.redis.hset(QUEUES, name, JSON.stringify(entry));
  return name;
}

/** The queues, by name. */
export async function knownQueues({ redis }: Connection): Promise<QueueEntry[]> {
  const entries = entriesOf(await redis.hgetall(QUEUES), QUEUE);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Queues of earlier versions and configurations, in which nothing has happened for two weeks. */
export async function unusedQueues(connection: Connection): Promise<QueueEntry[]> {
  const now = await connection.now();
  return (await knownQueues(connection)).filter(({ at }) => now - at > UNUSED_MS);
}

export async function forgetQueue({ redis }: Connection, name: string): Promise<void> {
  await redis.hdel(QUEUES, name);
}

/** Asks the worker that builds a unit to end it. */
export async function cancel(connection: Connection, unitId: string): Promise<void> {
  const now = await connection.now();
  await connection.redis
    .multi()
    .zadd(CANCELLED, now, unitId)
    .zremrangebyscore(CANCELLED, '-inf', now - CANCELLED_FOR_MS)
    .exec();
}

/** Those of the units whose cancellation was asked for. */
export async function cancelledOf({ redis }: Connection, unitIds: readonly string[]): Promise<string[]> {
  if (unitIds.length === 0) return [];
  const scores = await redis.zmscore(CANCELLED, ...unitIds);
  return unitIds.filter((_, at) => scores[at] !== null);
}

/** A unit that is submitted anew is wanted. */
export async function revive({ redis }: Connection, unitId: string): Promise<void> {
  await redis.zrem(CANCELLED, unitId);
}

/** The reason for which no worker takes a unit; null where one does, or will when it is free. */
export function whyWaiting(
  unit: Pick<Unit, 'need' | keyof Origin>,
  workers: readonly WorkerEntry[],
): string | null {
  const label = labelOf(unit.need);
  if (workers.some(({ queues }) => queues.includes(queueName(unit.need, unit)))) return null;
  if (workers.length === 0) return 'no worker is running';
  const able = workers.filter(({ labels }) => labels.includes(label));
  if (able.length === 0)
    return `no worker serves ${label} (there are ${[...new Set(workers.flatMap(({ labels }) => labels))].sort().join(', ') || 'none with an image'})`;
  return able
    .map(({ host, pid, version, program }) =>
      program !== unit.program
        ? `worker ${host}/${pid} runs another program: version ${version}${version === unit.version ? ' with other sources' : `, the unit is for ${unit.version}`}`
        : `worker ${host}/${pid} has another configuration file`,
    )
    .join('; ');
}

/** Entries that can be read; others write to the same Redis. */
function entriesOf<T>(hash: Record<string, string>, shape: Shape<T>): T[] {
  return Object.values(hash).flatMap((value) => {
    try {
      return [parseJson(value, shape, 'an entry')];
    } catch (error) {
      if (error instanceof WrongJson) return [];
      throw error;
    }
  });
}
