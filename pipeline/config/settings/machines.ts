import { count, duration } from '../kinds.ts';
import { section, setting } from '../setting.ts';

/** Settings of `machines` for work on many machines. */
export const MACHINES = {
  concurrency: setting({
    kind: count(1, 1000, 'machines'),
    // The workers of one region controller are four; most machines on their way need none of them.
    default: 32,
    help: 'Machines in progress at the same time.',
    flag: '--concurrency <count>',
    details: 'The next starts when one ends. Waiting needs one request for all.',
  }),
  timeouts: section({
    help: 'Longest time in a state before the command gives up on a machine.',
    details: 'It counts from when the state was first seen.',
    fields: {
      commissioning: setting({ kind: duration(), default: 1800, help: 'Commissioning, scripts included.' }),
      // A DGX tests its memory for minutes before it even boots.
      testing: setting({ kind: duration(), default: 7200, help: 'Hardware tests.' }),
      deploying: setting({
        kind: duration(),
        default: 3600,
        help: 'From the request to deploy to the first boot of the image.',
      }),
      releasing: setting({ kind: duration(), default: 900, help: 'Release without erasing disks.' }),
      erasing: setting({ kind: duration(), default: 86_400, help: 'Disks erased on release.' }),
      rescue: setting({ kind: duration(), default: 1800, help: 'Entering or leaving rescue mode.' }),
      other: setting({
        kind: duration(),
        default: 1800,
        help: 'Any other state that is not the one waited for.',
      }),
    },
  }),
};
