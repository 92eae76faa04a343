import type { Phase, Sign, StatusEvent, Timed } from './types.ts';

/** The phase that begins with a stage of curtin's, as its events call them. */
const STAGES: Readonly<Record<string, Phase>> = {
  early: 'early',
  partitioning: 'partitioning',
  network: 'network',
  extract: 'extract',
  curthooks: 'curthooks',
  hook: 'hook',
  late: 'late',
};

/** The last stage of cloud-init, as its events call it. */
const CLOUD_INITS_LAST = 'modules-final';

/** Events under way at once; curtin's are four deep. */
const MOST_OPEN = 50;

/** Takes what a progress reports. */
export interface Watch {
  /** A phase has ended. */
  ended(phase: Timed): void;
  /** Something has begun or ended. */
  changed(now: Pick<Progress, 'phase' | 'activity'>): void;
}

const NOBODY: Watch = { ended() {}, changed() {} };

/** Follows a deployment by what the machine asks for and posts: where it is, how long each phase took, and how it ended. */
export class Progress {
  phase: Phase = 'power-on';
  readonly done: Timed[] = [];
  /** The events that ended with FAIL, in the order in which they came: the innermost first. */
  readonly failures: (StatusEvent & { phase: Phase })[] = [];
  installed = false;
  netbootOff = false;
  /** That of the installed system. */
  cloudInitEnded = false;
  /** Descriptions of the events under way, by their names; the innermost is the last. */
  readonly #open = new Map<string, string>();
  #since: number;
  readonly #now: () => number;
  readonly #watch: Watch;

  /** @param now seconds */
  constructor(now: () => number, watch = NOBODY) {
    this.#now = now;
    this.#watch = watch;
    this.#since = now();
  }

  /** Of the innermost event under way; empty between two of them. */
  get activity(): string {
    return [...this.#open.values()].at(-1) ?? '';
  }

  /** The machine is started. */
  begin(): void {
    this.#watch.changed(this);
  }

  see(sign: Sign): void {
    if (sign.type === 'netboot-off') this.netbootOff = true;
    else if (sign.type === 'asked') {
      if (sign.what === 'preseed' && this.phase === 'power-on') this.enter('ephemeral');
      // MAAS' Deployed: the installed system asks.
      if (sign.what === 'user-data' && this.phase === 'boot') this.enter('first-boot');
    } else this.#event(sign.event);
    this.#watch.changed(this);
  }

  #event(event: StatusEvent): void {
    const { kind, name, description } = event;
    const stage = /^cmd-install\/stage-([a-z]{1,20})$/.exec(name)?.[1];
    if (kind === 'start') {
      if (stage !== undefined && Object.hasOwn(STAGES, stage)) this.enter(STAGES[stage]!);
      this.#open.delete(name);
      if (this.#open.size < MOST_OPEN) this.#open.set(name, description);
    }
    if (kind !== 'finish') return;
    for (const open of this.#open.keys())
      if (open === name || open.startsWith(`${name}/`)) this.#open.delete(open);
    if (this.phase === 'boot' || this.phase === 'first-boot') {
      if (name === CLOUD_INITS_LAST) this.cloudInitEnded = true;
      return;
    }
    // Those in between are of no use once it is known that the guest floods.
    if (event.result === 'FAIL' && this.failures.length < 100)
      this.failures.push({ ...event, phase: this.phase });
    if (name === 'cmd-install') {
      this.installed = event.result === 'SUCCESS';
      this.enter('end');
    }
  }

  /** Begins a phase; the one under way ends. */
  enter(phase: Phase): void {
    if (phase === this.phase) return;
    this.close();
    // A machine that boots again reports the end of that boot.
    if (phase === 'boot') this.cloudInitEnded = false;
    this.phase = phase;
    this.#since = this.#now();
    this.#open.clear();
    this.#watch.changed(this);
  }

  /** Begins with the boot: what comes before it was done by another rehearsal. */
  skipDeployment(): void {
    this.phase = 'boot';
    this.#since = this.#now();
    this.begin();
  }

  /** The phase under way ends here. */
  close(): void {
    const phase = { phase: this.phase, seconds: this.#now() - this.#since };
    this.done.push(phase);
    this.#watch.ended(phase);
  }
}

/** The failure that says most: the innermost of curtin's events, and of those the first. */
export function decisive(failures: Progress['failures']): Progress['failures'][number] | undefined {
  const depth = ({ name }: StatusEvent) => name.split('/').length;
  return failures.reduce<Progress['failures'][number] | undefined>(
    (best, one) => (best === undefined || depth(one) > depth(best) ? one : best),
    undefined,
  );
}
