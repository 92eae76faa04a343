import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { Form } from '../api/client.ts';
import type { Decision, Job } from './job.ts';
import { perform } from './perform.ts';
import { type Status, statusName } from './status.ts';
import type { Machine } from './types.ts';

export interface CommissionOptions {
  /** Leave the machine on and let the user's ssh key in. */
  enableSsh?: boolean;
  skipBmcConfig?: boolean;
  skipNetworking?: boolean;
  skipStorage?: boolean;
  /** Names or tags; undefined: MAAS' default. */
  commissioningScripts?: readonly string[];
  /** Names or tags; [] runs none. */
  testingScripts?: readonly string[];
}

const FROM: readonly Status[] = ['new', 'ready', 'failed_commissioning', 'failed_testing', 'broken'];

/** Commissions machines: MAAS boots them, looks at their hardware and tests it. */
export function commissionJob(options: CommissionOptions, session: { signal: AbortSignal; emit: Emit }): Job {
  const form = formOf(options);
  return {
    name: 'commission',
    what: 'booted and examined; network and storage configuration are reset',
    // A new machine has nothing to lose.
    destructive: ({ status }) => status !== 'new',
    decide,
    start: (client, { systemId }) =>
      perform(
        client,
        systemId,
        { op: 'commission', form, done: ({ status }) => status === 'commissioning' || status === 'testing' },
        session,
      ),
    until: ['ready'],
    byHand: ({ hostname }) => `Turn on ${hostname}; it must boot from the network`,
  };
}

function decide(machine: Machine): Decision {
  const { hostname, status, powerType } = machine;
  if (status === 'commissioning' || status === 'testing')
    return { do: 'wait', why: `is ${statusName(status)}` };
  if (!FROM.includes(status))
    return {
      do: 'refuse',
      fault: new Fault('MACHINE_STATE', `${hostname} is ${statusName(status)} and cannot be commissioned`, {
        hint: `Run dgxos-maas machines release ${hostname} first: running work is lost.`,
      }),
    };
  if (powerType === '')
    return {
      do: 'refuse',
      fault: new Fault('MACHINE_STATE', `MAAS does not know how to turn ${hostname} on`, {
        hint: `dgxos-maas machines power set ${hostname} --power-type ipmi --power power_address=… (or manual)`,
      }),
    };
  return { do: 'start' };
}

function formOf(options: CommissionOptions): Form {
  return {
    ...(options.enableSsh ? { enable_ssh: 1 } : {}),
    ...(options.skipBmcConfig ? { skip_bmc_config: 1 } : {}),
    ...(options.skipNetworking ? { skip_networking: 1 } : {}),
    ...(options.skipStorage ? { skip_storage: 1 } : {}),
    ...(options.commissioningScripts
      ? { commissioning_scripts: options.commissioningScripts.join(',') }
      : {}),
    ...(options.testingScripts ? { testing_scripts: options.testingScripts.join(',') || 'none' } : {}),
  };
}
