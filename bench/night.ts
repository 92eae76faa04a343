// 200 units of small real programs (each sleeps and writes 10 MB) by 1, 2 and 4 workers on a real Redis, the same without a queue, and
// 10,000 units submitted and listed. Workers are processes of their own; what they run is a process, too.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { QueueClient } from '../pipeline/queue/client.ts';
import { type Connection, connect } from '../pipeline/queue/connection.ts';
import { queueCounts, unitsIn } from '../pipeline/queue/state.ts';
import type { Need, Origin, Unit } from '../pipeline/queue/unit.ts';
import { judged } from './goals.ts';
import { say } from './measure.ts';

const { values } = parseArgs({
  options: {
    units: { type: 'string', default: '200' },
    sleep: { type: 'string', default: '0.5' },
    many: { type: 'string', default: '10000' },
  },
});
const [units, sleepS, many] = [Number(values.units), Number(values.sleep), Number(values.many)];
const ORIGIN: Origin = { version: 'bench', program: 'a'.repeat(64), config: 'b'.repeat(64) };
const NEED: Need = { way: 'namespace', architecture: 'amd64', iso: null };
const WORKER = join(import.meta.dirname, 'night-worker.ts');
const PROGRAM = (dir: string, name: string) =>
  ['sh', '-c', `sleep ${sleepS}; head -c 10000000 /dev/zero > ${dir}/${name}; rm ${dir}/${name}`] as const;

const dir = await mkdtemp(join(tmpdir(), 'bench-night-'));
const port = await freePort();
const redis = spawn(
  'redis-server',
  ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--appendonly', 'yes', '--save', ''],
  { stdio: 'ignore' },
);
const { signal } = new AbortController();
const children: ChildProcess[] = [redis];
try {
  const connection = await connectSoon();
  const seconds: Record<string, number> = {};
  const overheads: number[] = [];
  for (const workers of [1, 2, 4]) {
    const { tookS, overheadMs } = await night(connection, workers);
    seconds[`workers${workers}`] = tookS;
    if (workers === 1) overheads.push(...overheadMs);
    say(`${units} units, ${workers} worker${workers === 1 ? '' : 's'}: ${tookS.toFixed(1)} s`);
  }
  for (const jobs of [1, 4]) {
    seconds[`local${jobs}`] = await local(jobs);
    say(`${units} without a queue, ${jobs} at the same time: ${seconds[`local${jobs}`]!.toFixed(1)} s`);
  }
  const scale = await listed(connection);
  connection.close();
  const overheadMs = median(overheads);
  const speedup = seconds.workers1! / seconds.workers4!;
  const goals = judged({
    'overhead of a unit: median <= 0.05 s': { now: overheadMs / 1000, most: 0.05, unit: 's' },
    '4 workers: wall <= 1/3.6 of one': { now: 1 / speedup, most: 1 / 3.6 },
    'listing many units: growth <= 64 MB': { now: scale.growthBytes / 1e6, most: 64, unit: 'MB' },
  });
  say(`overhead of a unit: median ${overheadMs.toFixed(1)} ms; 4 workers: ${speedup.toFixed(2)} times one`);
  console.log(JSON.stringify({ units, sleepS, seconds, overheadMs, speedup, scale, ...goals }));
} finally {
  for (const child of children) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
}

/** One night with so many workers, each with one unit at a time. @returns the time, and the overhead of each unit */
async function night(
  connection: Connection,
  workers: number,
): Promise<{ tookS: number; overheadMs: number[] }> {
  const started = await Promise.all(Array.from({ length: workers }, startWorker));
  const client = new QueueClient(connection);
  const began = performance.now();
  const spans = await Promise.all(
    Array.from({ length: units }, async (_, at) => {
      const unit = unitOf(`n${workers}-${at}`);
      const joined = await client.submit(unit);
      const result = await client.follow(joined, { emit() {}, signal });
      return { seen: Date.now(), image: unit.image, results: result.results };
    }),
  );
  const tookS = (performance.now() - began) / 1000;
  await client.close();
  for (const child of started) await ended(child);
  // A worker reports when its program began and ended: from one's end to the next's begin, and from its end until it is seen.
  const times = spans.map(({ seen, results }) => ({
    seen,
    begin: Number(results[0]?.fingerprint),
    end: Number(results[1]?.fingerprint),
  }));
  times.sort((a, b) => a.begin - b.begin);
  const overheadMs =
    workers === 1
      ? times.map(({ seen, begin, end }, at) => seen - end + (at === 0 ? 0 : begin - times[at - 1]!.end))
      : [];
  return { tookS, overheadMs };
}

async function local(jobs: number): Promise<number> {
  const limit = pLimit(jobs);
  const began = performance.now();
  await Promise.all(Array.from({ length: units }, (_, at) => limit(() => run(PROGRAM(dir, `l${at}`)))));
  return (performance.now() - began) / 1000;
}

/** Submits many units, a thousand at the same time, and lists them all. */
async function listed(
  connection: Connection,
): Promise<{ units: number; submitS: number; listS: number; growthBytes: number }> {
  const client = new QueueClient(connection);
  const limit = pLimit(1000);
  const submitting = performance.now();
  for (let from = 0; from < many; from += 1000)
    await Promise.all(
      Array.from({ length: Math.min(1000, many - from) }, (_, at) =>
        limit(() => client.submit(unitOf(`many-${from + at}`))),
      ),
    );
  const submitS = (performance.now() - submitting) / 1000;
  const before = process.memoryUsage().rss;
  const listing = performance.now();
  let [count, most] = [0, before];
  for await (const _ of unitsIn(client, connection)) {
    count += 1;
    if (count % 500 === 0) most = Math.max(most, process.memoryUsage().rss);
  }
  const listS = (performance.now() - listing) / 1000;
  const [entry] = await queueCounts(client, connection);
  if (count !== many || entry?.counts.waiting !== many)
    throw new Error(`${count} of ${many} units were listed`);
  say(
    `${many} units: submitted in ${submitS.toFixed(1)} s, listed in ${listS.toFixed(1)} s with ${((most - before) / 1e6).toFixed(0)} MB more`,
  );
  await client.close();
  return { units: count, submitS, listS, growthBytes: most - before };
}

function unitOf(image: string): Unit {
  return {
    format: 1,
    image,
    ...ORIGIN,
    need: NEED,
    stage: 'build',
    fingerprint: image,
    builtSince: null,
    tries: 1,
    lostBefore: 0,
  };
}

async function startWorker(): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [WORKER, JSON.stringify({ port, dir, sleepS, origin: ORIGIN, need: NEED })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => resolve());
    child.once('exit', () => reject(new Error('a worker ended')));
  });
  return child;
}

function ended(child: ChildProcess): Promise<unknown> {
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  return gone;
}

function run([command, ...args]: readonly [string, ...string[]]): Promise<unknown> {
  return new Promise((resolve, reject) =>
    spawn(command, args, { stdio: 'ignore' }).once('error', reject).once('close', resolve),
  );
}

async function connectSoon(): Promise<Connection> {
  const queue = {
    place: `redis://127.0.0.1:${port}`,
    user: null,
    password: { from: 'environment', variable: 'NONE' },
    caCert: null,
  } as const;
  for (let tries = 0; ; tries++)
    try {
      return await connect(queue, { env: {}, emit() {}, signal });
    } catch (error) {
      if (tries > 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port: free } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return free;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
