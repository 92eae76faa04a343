import type { SandboxContext } from '../context.ts';
import type { Failure } from './failures.ts';
import type { Machine, Run } from './state.ts';

/** One step of one machine. */
export interface StepContext {
  world: SandboxContext;
  machine: Machine;
  run: Run;
  /** The time of the event, which may be before now. */
  at: number;
  /** The rule that strikes at this step. */
  failure: Failure | undefined;
}
