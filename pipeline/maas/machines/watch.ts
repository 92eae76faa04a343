import { statusKind, statusName } from './status.ts';
import { timeoutOf } from './timeouts.ts';
import type { Machine, WaitGoal, WaitOptions, WaitOutcome, WaitResult } from './types.ts';

interface Watched {
  systemId: string;
  hostname: string;
  machine: Machine | undefined;
  /** Milliseconds at which it was begun to be waited for. */
  begun: number;
  /** Milliseconds at which its present status was first seen. */
  since: number;
  /** It has been in a passing status. */
  moved: boolean;
  result: WaitResult | undefined;
}

/** The machines being waited for, and what has come of each. Knows nothing of requests. */
export class Watch {
  readonly #all: Watched[] = [];
  readonly #goal: WaitGoal;
  readonly #options: WaitOptions & { now: () => number };
  readonly #start: number;

  constructor(
    machines: readonly (Machine | string)[],
    goal: WaitGoal,
    options: WaitOptions & { now: () => number },
  ) {
    this.#goal = goal;
    this.#options = options;
    this.#start = options.now();
    this.add(machines);
  }

  add(machines: readonly (Machine | string)[]): void {
    for (const given of machines) {
      const machine = typeof given === 'string' ? undefined : given;
      const systemId = typeof given === 'string' ? given : given.systemId;
      this.#all.push({
        systemId,
        hostname: machine?.hostname ?? systemId,
        machine: undefined,
        begun: this.#options.now(),
        since: this.#options.now(),
        moved: machine !== undefined && statusKind(machine.status) === 'passing',
        result: undefined,
      });
    }
  }

  /** Ids still waited for. */
  get open(): string[] {
    return this.#all.filter(({ result }) => !result).map(({ systemId }) => systemId);
  }

  get results(): WaitResult[] {
    return this.#all.flatMap(({ result }) => (result ? [result] : []));
  }

  /** Takes in a list of the machines still waited for. @returns whether a status has changed */
  seen(machines: readonly Machine[]): boolean {
    const byId = new Map(machines.map((machine) => [machine.systemId, machine]));
    let changed = false;
    for (const watched of this.#all) {
      if (watched.result) continue;
      const machine = byId.get(watched.systemId);
      if (!machine) {
        this.#end(watched, 'gone');
        changed = true;
      } else if (this.#look(watched, machine)) changed = true;
    }
    return changed;
  }

  /** Nothing could be seen this time; only time has passed. */
  unseen(): void {
    for (const watched of this.#all)
      if (!watched.result && this.#late(watched)) this.#end(watched, 'timeout');
  }

  #look(watched: Watched, machine: Machine): boolean {
    const before = watched.machine;
    const changed = before === undefined || this.#state(before) !== this.#state(machine);
    watched.machine = machine;
    watched.hostname = machine.hostname;
    if (changed) watched.since = this.#options.now();
    const outcome = this.#outcome(watched, machine);
    if (outcome) this.#end(watched, outcome);
    else if (changed || before?.statusMessage !== machine.statusMessage) this.#report(watched, machine);
    return changed;
  }

  #outcome(watched: Watched, machine: Machine): WaitOutcome | undefined {
    const { status } = machine;
    if (typeof this.#goal === 'function')
      return this.#goal(machine) ?? (this.#late(watched) ? 'timeout' : undefined);
    if (this.#goal.includes(status)) return 'reached';
    const kind = statusKind(status);
    if (kind === 'failed') return 'failed';
    if (kind === 'passing') watched.moved = true;
    else if (this.#options.started && watched.moved) return 'ended';
    return this.#late(watched) ? 'timeout' : undefined;
  }

  #late({ machine, since }: Watched): boolean {
    const { now, timeoutS, timeouts } = this.#options;
    if (timeoutS !== undefined && now() - this.#start >= timeoutS * 1000) return true;
    const limitS = machine ? timeoutOf(machine.status, timeouts) : timeoutOf('new', timeouts);
    return now() - since >= limitS * 1000;
  }

  /** The state that is shown; with a goal of its own the power is waited for. */
  #state({ status, powerState }: Machine): string {
    const name = statusName(status);
    return typeof this.#goal === 'function' ? `${name}, power ${powerState}` : name;
  }

  #report(watched: Watched, machine: Machine): void {
    const { hostname, status, statusMessage } = machine;
    this.#options.emit({
      type: 'machine-state',
      machine: hostname,
      state: this.#state(machine),
      ...(statusMessage && statusMessage !== statusName(status) ? { note: statusMessage } : {}),
      sinceMs: Math.round(this.#options.now() - watched.since),
    });
  }

  #end(watched: Watched, outcome: WaitOutcome): void {
    const { systemId, hostname, machine, begun } = watched;
    const seconds = (this.#options.now() - begun) / 1000;
    watched.result = { systemId, hostname, outcome, machine, seconds };
    this.#options.emit({
      type: 'machine-state',
      machine: hostname,
      state: machine ? this.#state(machine) : 'unknown',
      ...(outcome === 'reached' || outcome === 'failed' ? {} : { note: NOTES[outcome] }),
      end: outcome === 'reached' ? 'ok' : 'failed',
    });
  }
}

const NOTES = {
  timeout: 'too long in this state',
  ended: 'broken off',
  gone: 'MAAS no longer has it',
} as const;
