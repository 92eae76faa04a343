import { type Reply, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { fieldsOf } from '../site/fields.ts';
import { stopGuest } from './guest-life.ts';
import { logEvent, logRequest } from './log.ts';
import { begin, end } from './run.ts';
import { abortScripts, setAt } from './scripts.ts';
import { answer } from './show.ts';
import { STATUS, type Status, shownStatus } from './status.ts';
import { moveTo } from './transitions.ts';
import { machineAt } from './visible.ts';

type Requests =
  | 'REQUEST_NODE_ABORT_COMMISSIONING'
  | 'REQUEST_NODE_ABORT_DEPLOYMENT'
  | 'REQUEST_NODE_ABORT_TESTING'
  | 'REQUEST_NODE_ABORT_ERASE_DISK';

type Aborted = 'ABORTED_COMMISSIONING' | 'ABORTED_DEPLOYMENT' | 'ABORTED_TESTING' | 'ABORTED_DISK_ERASING';

export async function abort(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'edit');
  const comment = (await fieldsOf(call)).text('comment');
  const aborts: Partial<Record<Status, { what: string; to: Status; logged: [Requests, Aborted] }>> = {
    [STATUS.COMMISSIONING]: {
      what: 'commissioning',
      to: STATUS.NEW,
      logged: ['REQUEST_NODE_ABORT_COMMISSIONING', 'ABORTED_COMMISSIONING'],
    },
    [STATUS.DEPLOYING]: {
      what: 'deploying',
      to: STATUS.ALLOCATED,
      logged: ['REQUEST_NODE_ABORT_DEPLOYMENT', 'ABORTED_DEPLOYMENT'],
    },
    [STATUS.TESTING]: {
      what: 'testing',
      to: machine.previousStatus === STATUS.COMMISSIONING ? STATUS.READY : machine.previousStatus,
      logged: ['REQUEST_NODE_ABORT_TESTING', 'ABORTED_TESTING'],
    },
    [STATUS.DISK_ERASING]: {
      what: 'disk erasing',
      to: STATUS.FAILED_DISK_ERASING,
      logged: ['REQUEST_NODE_ABORT_ERASE_DISK', 'ABORTED_DISK_ERASING'],
    },
  };
  const found =
    aborts[machine.status] ??
    refuse(
      409,
      `Cannot abort in current state: node ${machine.systemId} is in state ${shownStatus(machine.status)}.`,
    );
  const [request, aborted] = found.logged;
  logRequest(world, machine, request, { user: user.username, action: `abort ${found.what}`, comment });
  logEvent(world, machine, aborted);
  for (const id of [machine.commissioningSet, machine.testingSet, machine.installationSet])
    abortScripts(setAt(world, id), world.now());
  stopGuest(world, machine);
  if (found.to === STATUS.NEW) machine.owner = null;
  if (found.to === STATUS.ALLOCATED) machine.address = null;
  moveTo(world, machine, found.to);
  end(world, machine);
  if (machine.powerType !== 'manual') begin(world, machine, 'power-off');
  return answer(world, machine);
}
