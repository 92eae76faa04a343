import { Fault } from '../../core/faults/fault.ts';
import type { Decision, Job } from './job.ts';
import { type Status, statusName } from './status.ts';
import type { Machine } from './types.ts';

/** Nobody has the machine, and MAAS does nothing with it. */
const FREE: readonly Status[] = [
  'new',
  'ready',
  'broken',
  'missing',
  'retired',
  'failed_commissioning',
  'failed_testing',
];

/** Takes machines out of MAAS. @param force also those that somebody has or that are on their way */
export function deleteJob(force: boolean): Job {
  return {
    name: 'delete',
    what: 'deleted from this MAAS, with its events and results; the machine itself keeps running',
    destructive: () => true,
    decide: (machine) => decide(machine, force),
    start: async (client, machine) => {
      await client.delete(`machines/${machine.systemId}/`);
      return machine;
    },
    until: [],
    byHand: null,
  };
}

function decide({ hostname, status, locked }: Machine, force: boolean): Decision {
  if (locked) return refuse(`${hostname} is locked`, 'Unlock it in MAAS first.');
  if (FREE.includes(status) || force) return { do: 'start' };
  return refuse(
    `${hostname} is ${statusName(status)}: it is not deleted`,
    `Run dgxos-maas machines release ${hostname}, or use --force to delete it anyway.`,
  );
}

function refuse(message: string, hint: string): Decision {
  return { do: 'refuse', fault: new Fault('MACHINE_STATE', message, { hint }) };
}
