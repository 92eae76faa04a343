import type { Emit, Event } from '../core/events/event.ts';
import type { Fault } from '../core/faults/fault.ts';
import { redactDeep } from '../core/secrets/registry.ts';
import type { NightFault, Step } from './types.ts';

/** Follows the events of one image's run: which stages ran, why the first of them did, which one failed. */
export class StepLog {
  readonly steps: Step[] = [];
  /** Of the first stage that ran. */
  reason: string | undefined;
  #failed: string | null = null;

  readonly see: Emit = (event: Event) => {
    if (event.type === 'stage-start') this.reason ??= `${event.stage}: ${event.reason}`;
    else if (event.type === 'stage-fresh')
      this.steps.push({ step: event.stage, state: 'fresh', seconds: 0, summary: '' });
    else if (event.type === 'stage-end')
      this.steps.push({ step: event.stage, state: 'ran', seconds: event.seconds, summary: event.summary });
    else if (event.type === 'stage-failed') {
      this.#failed = event.stage;
      this.steps.push({
        step: event.stage,
        state: 'failed',
        seconds: event.seconds,
        summary: event.error.message,
      });
    }
  };

  get ran(): boolean {
    return this.steps.some(({ state }) => state !== 'fresh');
  }

  /** Runs what comes after the stages as a step of its own; `undefined` from it means that there was nothing to do. */
  async step<T>(step: string, run: () => Promise<{ value: T; summary: string; ran: boolean }>): Promise<T> {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    try {
      const { value, summary, ran } = await run();
      this.steps.push({ step, state: ran ? 'ran' : 'fresh', seconds: ran ? seconds() : 0, summary });
      return value;
    } catch (error) {
      this.#failed = step;
      const message = error instanceof Error ? error.message : String(error);
      this.steps.push({ step, state: 'failed', seconds: seconds(), summary: message });
      throw error;
    }
  }

  fault(fault: Fault): NightFault {
    return nightFault(fault, this.#failed);
  }
}

export function nightFault(fault: Fault, step: string | null): NightFault {
  const { code, message, hint = null, detail = null, exitCode } = fault;
  return redactDeep({ step, code, message, hint, detail, exitCode });
}
