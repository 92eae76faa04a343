import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import { createClient, type MaasClient } from '../../../pipeline/maas/api/client.ts';
import { applyPlan } from '../../../pipeline/maas/site/apply.ts';
import { loadSite } from '../../../pipeline/maas/site/load.ts';
import { type Plan, planSite } from '../../../pipeline/maas/site/plan.ts';
import { planObject } from '../../../pipeline/maas/site/plan-text.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/server.ts';
import type { State } from '../../../sandbox/store.ts';

/** A sandbox on a clock of its own, with a client and site files beside it. */
export class Maas {
  readonly dir = mkdtempSync(join(tmpdir(), 'site-maas-'));
  readonly events: Event[] = [];
  sandbox!: Sandbox;
  client!: MaasClient;
  /** Milliseconds since 1970; waiting moves it on. */
  time = Date.now();
  #signal = new AbortController();

  static async start(options: Partial<SandboxOptions> = {}): Promise<Maas> {
    const maas = new Maas();
    await maas.#open(options);
    return maas;
  }

  async #open(options: Partial<SandboxOptions>) {
    this.sandbox = await startSandbox({ dir: join(this.dir, 'sandbox'), now: () => this.time, ...options });
    this.client = createClient({
      url: this.sandbox.url,
      key: parseApiKey(this.sandbox.apiKey, 'of the sandbox'),
      caCert: null,
      emit: (event) => this.events.push(event),
      signal: this.#signal.signal,
    });
  }

  /** Stops, changes what the sandbox remembers, and goes on. */
  async restart(edit: (state: State) => void) {
    await this.sandbox.close();
    const file = join(this.dir, 'sandbox/state.json');
    const state = JSON.parse(readFileSync(file, 'utf8')) as State;
    edit(state);
    writeFileSync(file, JSON.stringify(state));
    await this.#open({});
  }

  async stop() {
    await this.sandbox.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The plan for a site file of this content. */
  async plan(site: object | string, env: NodeJS.ProcessEnv = {}): Promise<Plan> {
    writeFileSync(join(this.dir, 'site.yaml'), typeof site === 'string' ? site : stringify(site));
    return planSite(await loadSite({ file: 'site.yaml', env, cwd: this.dir }), this.client);
  }

  /** The changes that --json lists. */
  async changes(site: object | string, env: NodeJS.ProcessEnv = {}) {
    return planObject((await this.plan(site, env)).changes);
  }

  async apply(site: object | string, env: NodeJS.ProcessEnv = {}): Promise<Plan> {
    const plan = await this.plan(site, env);
    await this.make(plan);
    return plan;
  }

  make(plan: Plan): Promise<void> {
    return applyPlan(plan, {
      client: this.client,
      emit: (event) => this.events.push(event),
      signal: this.#signal.signal,
      now: () => this.time,
      pause: async (seconds) => {
        this.time += seconds * 1000;
      },
    });
  }

  /** The requests that a piece of work sends. */
  async requestsOf(work: () => Promise<unknown>) {
    const before = this.sandbox.requests.length;
    await work();
    return this.sandbox.requests.slice(before);
  }

  get(path: string) {
    // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect in it
    return this.client.get(path) as Promise<any>;
  }
}
