import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { runNight } from '../../../pipeline/nightly/night.ts';
import { endNight } from '../../../pipeline/nightly/store.ts';
import type { Night } from '../../../pipeline/nightly/types.ts';
import { QueueClient } from '../../../pipeline/queue/client.ts';
import { type Connection, connect } from '../../../pipeline/queue/connection.ts';
import { queuedRun } from '../../../pipeline/queue/night.ts';
import type { Need, Origin, Unit } from '../../../pipeline/queue/unit.ts';
import { runStages } from '../../../pipeline/stages/run/runner.ts';
import { PASSWORD, type RealRedis } from './redis.ts';
import { type Control, openShared, queueSettings, requestOf, SHORT } from './stages.ts';
import type { WorkerSettings } from './worker-child.ts';

export const ORIGIN: Origin = { version: '1.0.0', program: 'a'.repeat(64), config: 'b'.repeat(64) };
export const NAMESPACE: Need = { way: 'namespace', architecture: 'amd64', iso: null };

export interface Submitted {
  night: Night;
  events: Event[];
  warnings: string[];
}

/** Hosts that share one Redis and one store: workers as processes, submitters here. */
export class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'queue-'));
  /** Below a folder that can be taken away as a share is. */
  readonly store = join(this.dir, 'share', 'store');
  readonly controls = join(this.dir, 'controls');
  readonly redis: RealRedis;
  readonly workers: TestWorker[] = [];
  readonly #connections: Connection[] = [];
  #hosts = 0;

  private constructor(redis: RealRedis) {
    this.redis = redis;
    mkdirSync(this.controls);
    mkdirSync(join(this.dir, 'share'));
    process.env.DGXOS_MAAS_QUEUE_PASSWORD = PASSWORD;
  }

  /** @param redis the one of the test file, which is emptied */
  static async begin(redis: RealRedis): Promise<World> {
    await redis.clear();
    return new World(redis);
  }

  control(image: string, control: Control): void {
    writeFileSync(join(this.controls, `${image}.json`), JSON.stringify(control));
  }

  /** Creates a file that a stage waits for. */
  go(name = 'go'): void {
    writeFileSync(join(this.controls, name), '');
  }

  /** The times that a stage of an image has run, on all hosts. */
  runs(stage: string, image: string): number {
    const log = join(this.controls, 'log');
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
    return lines.filter((line) => line === `${stage} ${image}`).length;
  }

  async connect(): Promise<Connection> {
    const signal = new AbortController().signal;
    const options = { env: process.env, emit() {}, signal, timing: SHORT };
    const connection = await connect(queueSettings(this.redis.url), options);
    this.#connections.push(connection);
    return connection;
  }

  async worker(images: string[], more: Partial<WorkerSettings> = {}): Promise<TestWorker> {
    const worker = new TestWorker({
      ...{ url: this.redis.url, controls: this.controls, store: this.store, images },
      ...{ workspace: this.host(), origin: ORIGIN, needs: [NAMESPACE], jobs: 1, graceMs: 5000 },
      ...more,
    });
    this.workers.push(worker);
    await worker.ready();
    return worker;
  }

  /** A workspace of another host. */
  host(): string {
    return join(this.dir, `host-${++this.#hosts}`);
  }

  /** A night of a host of its own. */
  async night(
    images: string[],
    {
      workspace = this.host(),
      signal = new AbortController().signal,
      tries = 3,
      force = false,
      origin = ORIGIN,
      events = [] as Event[],
    } = {},
  ): Promise<Submitted> {
    const emit = (event: Event) => events.push(event);
    const connection = await connect(queueSettings(this.redis.url), {
      env: process.env,
      emit,
      signal,
      timing: SHORT,
    });
    const client = new QueueClient(connection);
    const run = queuedRun({
      ...{ client, origin, tries, timing: SHORT, open: new Map<string, Unit>(), limit: pLimit(2) },
      openShared: () => openShared(this.store, signal),
      run: runStages,
    });
    try {
      const shared = await openShared(this.store, signal);
      const night = await runNight({
        requests: images.map((image) =>
          requestOf({ controls: this.controls, workspace, image }, { emit, signal, shared }),
        ),
        ...{
          run,
          emit,
          signal,
          jobs: images.length,
          env: {},
          since: undefined,
          channel: null,
          retention: null,
        },
        ...{ keepIn: join(workspace, 'kept'), renewal: { rebuildAfterS: null, force } },
      });
      await endNight(workspace);
      const warnings = events.flatMap((event) =>
        event.type === 'notice' && event.level === 'warning' ? [event.message] : [],
      );
      return { night, events, warnings };
    } finally {
      await client.close();
      connection.close();
    }
  }

  async end(): Promise<void> {
    for (const worker of this.workers) await worker.kill('SIGKILL');
    for (const connection of this.#connections) connection.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A worker as a process of its own. */
export class TestWorker {
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown>;
  said = '';

  constructor(settings: WorkerSettings) {
    const file = join(import.meta.dirname, 'worker-child.ts');
    this.child = spawn(process.execPath, [file, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout?.on('data', (part) => {
      this.said += part;
    });
    this.#ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** Waits until it has announced itself. */
  async ready(): Promise<void> {
    await until(() => this.said.includes('ready: ') || this.child.exitCode !== null);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal);
    await this.#ended;
  }
}

/** Waits for a condition, for half a minute at most. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const since = Date.now();
  while (!(await holds())) {
    if (Date.now() - since > 30_000) throw new Error(`it did not come to be: ${holds}`);
    await sleep(25);
  }
}
