import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { MaasClient } from '../api/client.ts';
import type { Decision, Job } from './job.ts';
import { releaseMachine } from './release-machine.ts';
import { type Status, statusName } from './status.ts';
import type { Machine, ReleaseOptions } from './types.ts';

/** Of one request: each is powered off before MAAS answers. */
const AT_ONCE = 100;

/** MAAS' RELEASEABLE_STATUSES. */
const RELEASABLE: readonly Status[] = [
  'allocated',
  'reserved',
  'broken',
  'deploying',
  'deployed',
  'failed_deployment',
  'failed_disk_erasing',
  'failed_releasing',
];

/** Gives machines back; without erasing, many by one request. */
export function releaseJob(options: ReleaseOptions, session: { signal: AbortSignal; emit: Emit }): Job {
  const erasing = Boolean(options.erase || options.secureErase || options.quickErase);
  const how = options.secureErase || options.quickErase ? 'erased' : 'overwritten, which can take hours';
  return {
    name: 'release',
    what: `turned off and released${erasing ? `, disks ${how}` : ''}`,
    destructive: () => true,
    decide,
    start: (client, machine) => releaseMachine(client, machine, options, session),
    ...(erasing ? {} : { startMany: (client, machines) => releaseMany(client, machines, options) }),
    until: ['ready'],
    byHand: ({ hostname }) =>
      `Turn off ${hostname}${erasing ? ', then on: it erases its disks from the network' : ''}`,
  };
}

function decide(machine: Machine): Decision {
  const { hostname, status, locked } = machine;
  if (status === 'ready') return { do: 'nothing', why: 'is Ready' };
  if (status === 'releasing' || status === 'disk_erasing') return { do: 'wait', why: 'is being released' };
  if (locked)
    return {
      do: 'refuse',
      fault: new Fault('MACHINE_STATE', `${hostname} is locked`, { hint: 'Unlock it in MAAS first.' }),
    };
  if (RELEASABLE.includes(status)) return { do: 'start' };
  return {
    do: 'refuse',
    fault: new Fault('MACHINE_STATE', `${hostname} is ${statusName(status)}: it is not allocated`, {
      hint: 'Only allocated machines can be released.',
    }),
  };
}

async function releaseMany(
  client: MaasClient,
  machines: readonly Machine[],
  { comment }: ReleaseOptions,
): Promise<Machine[]> {
  for (let at = 0; at < machines.length; at += AT_ONCE)
    await client.call('machines/?op=release', {
      machines: machines.slice(at, at + AT_ONCE).map(({ systemId }) => systemId),
      ...(comment ? { comment } : {}),
    });
  return machines.map((machine) => ({ ...machine, status: 'releasing' }));
}
