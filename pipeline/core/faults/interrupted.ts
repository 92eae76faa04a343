import { Fault } from './fault.ts';

/** The fault an aborted signal stands for: its own reason when that is a Fault, else INTERRUPTED. */
export function interrupted(signal: AbortSignal): Fault {
  return signal.reason instanceof Fault ? signal.reason : new Fault('INTERRUPTED', 'Interrupted');
}
