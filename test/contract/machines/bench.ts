import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import { createClient, type MaasClient } from '../../../pipeline/maas/api/client.ts';
import { commissionJob } from '../../../pipeline/maas/machines/commission-job.ts';
import type { Job, JobResult } from '../../../pipeline/maas/machines/job.ts';
import { listMachines } from '../../../pipeline/maas/machines/list.ts';
import { type JobSettings, plan, runJob } from '../../../pipeline/maas/machines/run-job.ts';
import type { Selector } from '../../../pipeline/maas/machines/types.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/server.ts';

/** A sandbox with machines, a client of it, and everything that was said. */
export interface Bench {
  dir: string;
  sandbox: Sandbox;
  client: MaasClient;
  events: Event[];
  abort: AbortController;
  session: { emit: (event: Event) => void; signal: AbortSignal };
  /** Does a job with the machines selected. */
  run(job: Job, selector?: Selector, settings?: Partial<JobSettings>): Promise<JobResult[]>;
}

export async function bench(options: Partial<SandboxOptions> = {}): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), 'machines-'));
  const sandbox = await startSandbox({ dir: join(dir, 'sandbox'), speed: 200, ...options });
  const events: Event[] = [];
  const abort = new AbortController();
  const session = { emit: (event: Event) => void events.push(event), signal: abort.signal };
  const client = clientOf(sandbox, session);
  onTestFinished(async () => {
    await sandbox.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    ...{ dir, sandbox, client, events, abort, session },
    run: async (job, selector = {}, settings = {}) =>
      runJob(client, job, plan(job, await listMachines(client, selector)), {
        ...session,
        concurrency: 8,
        timeouts: {},
        wait: true,
        pollMs: 20,
        askByHand: async () => {},
        ...settings,
      }),
  };
}

/** A client of the administrator; without a session nothing is heard of it. */
export function clientOf(
  { url, apiKey }: Pick<Sandbox, 'url' | 'apiKey'>,
  session: Bench['session'] = { emit() {}, signal: new AbortController().signal },
): MaasClient {
  return createClient({ url, key: parseApiKey(apiKey, 'of the sandbox'), caCert: null, ...session });
}

/** The same with its machines commissioned: they are Ready. */
export async function readyBench(options: Partial<SandboxOptions> = {}): Promise<Bench> {
  const made = await bench({ machines: 1, ...options });
  await made.run(commissionJob({}, made.session));
  made.events.length = 0;
  for (const key of Object.keys(made.sandbox.counts)) made.sandbox.counts[key] = 0;
  return made;
}
