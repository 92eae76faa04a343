import { type Reply, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { fieldsOf } from '../site/fields.ts';
import { stopGuest } from './guest-life.ts';
import { logEvent, logRequest } from './log.ts';
import { begin, end, forgetDeployment } from './run.ts';
import { answer } from './show.ts';
import { ACTIONABLE, STATUS } from './status.ts';
import { moveTo } from './transitions.ts';
import { machineAt } from './visible.ts';

export async function markBroken(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'edit');
  const fields = await fieldsOf(call);
  if (machine.owner !== user.username) refuse(403, '');
  const comment = fields.text('comment') || fields.text('error_description');
  logRequest(world, machine, 'REQUEST_NODE_MARK_BROKEN', {
    user: user.username,
    action: 'mark broken',
    comment,
  });
  stopGuest(world, machine);
  end(world, machine);
  // It is released on the way.
  if (ACTIONABLE.release.has(machine.status)) {
    forgetDeployment(machine);
    moveTo(world, machine, STATUS.RELEASING);
    logEvent(world, machine, 'RELEASING');
    if (machine.powerType !== 'manual') begin(world, machine, 'power-off');
  }
  moveTo(world, machine, STATUS.BROKEN);
  machine.errorDescription = comment ?? '';
  machine.address = null;
  return answer(world, machine);
}

export async function markFixed(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'admin');
  const comment = (await fieldsOf(call)).text('comment');
  logRequest(world, machine, 'REQUEST_NODE_MARK_FIXED', {
    user: user.username,
    action: 'mark fixed',
    comment,
  });
  if (machine.status !== STATUS.BROKEN) refuse(409, "Can't mark a non-broken node as 'Ready'.");
  moveTo(world, machine, machine.previousStatus === STATUS.DEPLOYED ? STATUS.DEPLOYED : STATUS.READY);
  machine.errorDescription = '';
  machine.osystem = '';
  machine.distroSeries = '';
  machine.hweKernel = null;
  machine.installationSet = null;
  return answer(world, machine);
}

export async function overrideFailedTesting(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'admin');
  const comment = (await fieldsOf(call)).text('comment');
  logRequest(world, machine, 'REQUEST_NODE_OVERRIDE_FAILED_TESTING', {
    user: user.username,
    action: 'ignore failed tests',
    comment,
  });
  if (machine.status !== STATUS.FAILED_TESTING)
    refuse(409, "Unable to override node status. Node is not in 'Failed testing' status.");
  moveTo(world, machine, machine.osystem === '' ? STATUS.READY : STATUS.DEPLOYED);
  machine.errorDescription = '';
  return answer(world, machine);
}

export async function lock(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'lock');
  const comment = (await fieldsOf(call)).text('comment');
  if (machine.locked) refuse(409, 'Machine is already locked');
  logRequest(world, machine, 'REQUEST_NODE_LOCK', { user: user.username, action: 'lock', comment });
  if (machine.status !== STATUS.DEPLOYED && machine.status !== STATUS.DEPLOYING)
    refuse(409, "Can't lock, node is not deployed or deploying");
  machine.locked = true;
  world.store.machinesChanged();
  return answer(world, machine);
}

export async function unlock(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'lock');
  const comment = (await fieldsOf(call)).text('comment');
  if (!machine.locked) refuse(409, 'Machine is not locked');
  logRequest(world, machine, 'REQUEST_NODE_UNLOCK', { user: user.username, action: 'unlock', comment });
  machine.locked = false;
  world.store.machinesChanged();
  return answer(world, machine);
}
