import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { Decision, Job } from './job.ts';
import { perform } from './perform.ts';
import { statusName } from './status.ts';
import type { Machine } from './types.ts';

export interface PowerOptions {
  /** Ask the operating system to shut down, where the power type can. */
  soft?: boolean;
  comment?: string;
}

/** Turns machines on or off; waits until MAAS sees them so. */
export function powerJob(
  want: 'on' | 'off',
  { soft, comment }: PowerOptions,
  session: { signal: AbortSignal; emit: Emit },
): Job {
  const form = {
    ...(want === 'off' && soft ? { stop_mode: 'soft' } : {}),
    ...(comment ? { comment } : {}),
  };
  return {
    name: `power ${want}`,
    what: want === 'off' ? 'turned off; running work is lost' : 'turned on',
    destructive: () => want === 'off',
    decide: (machine) => decide(machine, want),
    start: (client, { systemId }) =>
      perform(
        client,
        systemId,
        { op: `power_${want}`, form, done: ({ powerState }) => powerState === want },
        session,
      ),
    until: (machine) => {
      if (machine.powerState === want || machine.powerType === 'manual') return 'reached';
      return machine.powerState === 'error' ? 'failed' : undefined;
    },
    byHand: ({ hostname }) => `Turn ${want} ${hostname}`,
  };
}

function decide(
  { hostname, powerState, powerType, owner, status, locked }: Machine,
  want: 'on' | 'off',
): Decision {
  const refuse = (message: string, hint: string): Decision => ({
    do: 'refuse',
    fault: new Fault('MACHINE_STATE', `${hostname} ${message}`, { hint }),
  });
  if (powerType === '')
    return refuse(
      'has no power type',
      `dgxos-maas machines power set ${hostname} --power-type ipmi --power power_address=… (or manual)`,
    );
  if (powerState === want) return { do: 'nothing', why: `is ${want}` };
  if (want === 'on' && owner === null)
    return refuse(
      `is ${statusName(status)} and nobody's: MAAS turns on only allocated machines`,
      'Commissioning and deploying turn a machine on.',
    );
  if (want === 'off' && locked) return refuse('is locked', 'Unlock it in MAAS first.');
  return { do: 'start' };
}
