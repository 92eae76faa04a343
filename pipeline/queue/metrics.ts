import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import { Fault } from '../core/faults/fault.ts';
import { QueueClient } from './client.ts';
import type { Connection } from './connection.ts';
import { queueCounts, STATES } from './state.ts';
import type { Origin } from './unit.ts';

/** The ends of units on one worker. */
export class Tally {
  readonly ends = { built: 0, failed: 0, handed_back: 0 };
  /** Of the units that were built or failed. */
  seconds = 0;

  end(how: keyof Tally['ends'], seconds: number): void {
    this.ends[how] += 1;
    if (how !== 'handed_back') this.seconds += seconds;
  }
}

export interface MetricsSource {
  connection: Connection;
  origin: Origin;
  jobs: number;
  tally: Tally;
  /** Units that are built at the moment. */
  busy(): number;
}

/** Milliseconds that Redis has for an answer. */
const WITHIN_MS = 2000;

type Sample = [labels: Record<string, string>, value: number];

/**
 * Serves what Prometheus reads at /metrics.
 * @throws Fault USAGE where it cannot listen there
 */
export async function serveMetrics(
  { host, port }: { host: string; port: number },
  source: MetricsSource,
): Promise<() => Promise<void>> {
  const client = new QueueClient(source.connection);
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('See /metrics\n');
      return;
    }
    void metricsText(source, client).then((text) =>
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
    );
  });
  await listen(server, host, port);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await client.close();
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new Fault('USAGE', `--metrics ${host}:${port}: cannot listen there: ${error.message}`, {
          hint: 'Use a free port and an address of this host.',
          cause: error,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}

async function metricsText(
  { connection, origin, jobs, tally, busy }: MetricsSource,
  client: QueueClient,
): Promise<string> {
  const queues = await within(queueCounts(client, connection));
  const { built, failed, handed_back: handedBack } = tally.ends;
  const mine =
    queues?.filter(({ program, config }) => program === origin.program && config === origin.config) ?? [];
  return [
    family('worker_info', 'gauge', 'The worker.', [[{ host: hostname(), version: origin.version }, 1]]),
    family('worker_jobs', 'gauge', 'Builds that it runs at the same time, at most.', [[{}, jobs]]),
    family('worker_builds', 'gauge', 'Builds that it runs.', [[{}, busy()]]),
    family('worker_units_total', 'counter', 'Units by their end on this worker.', [
      [{ end: 'built' }, built],
      [{ end: 'failed' }, failed],
      [{ end: 'handed_back' }, handedBack],
    ]),
    family('worker_unit_seconds_total', 'counter', 'Seconds of the units that were built or failed.', [
      [{}, tally.seconds],
    ]),
    family('redis_up', 'gauge', 'Whether Redis answers.', [[{}, queues ? 1 : 0]]),
    family(
      'queue_units',
      'gauge',
      'Units of this program and configuration, by queue and state.',
      mine.flatMap(({ label, counts }) =>
        STATES.map((state): Sample => [{ queue: label, state }, counts[state]]),
      ),
    ),
    family(
      'queue_workers',
      'gauge',
      'Workers that serve a queue.',
      mine.map(({ label, workers }): Sample => [{ queue: label }, workers]),
    ),
  ].join('');
}

function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const full = `dgxos_maas_${name}`;
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    return `${full}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
  });
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`;
}

const escaped = (text: string) => text.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`));

/** The answer, or undefined where Redis is away. */
async function within<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, WITHIN_MS, undefined);
  });
  return Promise.race([answer.catch(() => undefined), late]).finally(() => clearTimeout(timer));
}
