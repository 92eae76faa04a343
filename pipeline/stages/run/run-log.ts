import type { Emit, Event } from '../../core/events/event.ts';
import type { Fault } from '../../core/faults/fault.ts';

/** One stage of a run that has ended. */
export interface StageRun {
  stage: string;
  state: 'ran' | 'fresh' | 'failed';
  seconds: number;
  /** The summary of its result, or the failure's message. */
  summary: string;
  /** True: fresh by what another builder has put in the store. */
  fromStore?: true | undefined;
}

/** Puts a run together from its events: which stages ran and why, which one failed. */
export class RunLog {
  readonly stages: StageRun[] = [];
  /** Why each stage that ran did so, in order. */
  readonly reasons: { stage: string; reason: string }[] = [];
  failure: { stage: string; fault: Fault } | null = null;
  /** Of the whole run; 0 before its end. */
  seconds = 0;

  readonly see: Emit = (event: Event) => {
    if (event.type === 'stage-start') this.reasons.push({ stage: event.stage, reason: event.reason });
    else if (event.type === 'stage-fresh') this.#ended(event.stage, 'fresh', 0, '', event.fromStore);
    else if (event.type === 'stage-end') this.#ended(event.stage, 'ran', event.seconds, event.summary);
    else if (event.type === 'stage-failed') {
      this.#ended(event.stage, 'failed', event.seconds, event.error.message);
      this.failure = { stage: event.stage, fault: event.error };
    } else if (event.type === 'run-end') this.seconds = event.seconds;
  };

  #ended(stage: string, state: StageRun['state'], seconds: number, summary: string, fromStore?: true): void {
    this.stages.push({ stage, state, seconds, summary, ...(fromStore && { fromStore }) });
  }
}
