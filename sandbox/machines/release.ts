import type { SandboxContext } from '../context.ts';
import { json, type Reply, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { type Fields, fieldsOf } from '../site/fields.ts';
import { wipeGuest } from './guest-life.ts';
import { logEvent, logRequest } from './log.ts';
import { setting } from './place.ts';
import { begin, forgetDeployment } from './run.ts';
import { newSet, RESULT } from './scripts.ts';
import { answer } from './show.ts';
import type { Machine } from './state.ts';
import { ACTIONABLE, STATUS, shownStatus } from './status.ts';
import { finishRelease } from './steps-release.ts';
import { moveTo } from './transitions.ts';
import { machineAt, visible } from './visible.ts';

/** machines/{id}/?op=release */
export async function release(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'edit');
  const fields = await fieldsOf(call);
  if (ACTIONABLE.release.has(machine.status)) startReleasing(world, machine, user.username, fields);
  else if (machine.status !== STATUS.RELEASING && machine.status !== STATUS.READY)
    refuse(409, `Machine cannot be released in its current state ('${shownStatus(machine.status)}').`);
  return answer(world, machine);
}

/** machines/?op=release: all of them or, where one cannot be, none. */
export async function releaseMany(call: Call): Promise<Reply> {
  const { world, user } = call;
  const fields = await fieldsOf(call);
  const wanted = named(call, fields.list('machines') ?? [], 'release');
  const releasable = wanted.filter((machine) => ACTIONABLE.release.has(machine.status));
  const failed = wanted
    .filter((machine) => !releasable.includes(machine) && machine.status !== STATUS.READY)
    .map((machine) => `${machine.systemId} ('${shownStatus(machine.status)}')`);
  if (failed.length > 0)
    refuse(409, `Machine(s) cannot be released in their current state: ${failed.join(', ')}.`);
  for (const machine of releasable) startReleasing(world, machine, user.username, fields);
  return json(
    200,
    releasable.map((machine) => machine.systemId),
  );
}

/** The machines of a list of ids. @throws Refused for ids that are unknown or not the caller's */
export function named(call: Call, ids: string[], what: string): Machine[] {
  const all = call.world.store.state.machines.machines;
  const wanted = new Set(ids);
  const unknown = [...wanted].filter((id) => !all.some((machine) => machine.systemId === id));
  if (unknown.length > 0) refuse(400, `Unknown machine(s): ${unknown.join(', ')}.`);
  const mine = visible(call).filter((machine) => wanted.has(machine.systemId) && !machine.locked);
  const others = [...wanted].filter((id) => !mine.some((machine) => machine.systemId === id));
  if (others.length > 0)
    refuse(
      403,
      `You don't have the required permission to ${what} the following machine(s): ${others.join(', ')}.`,
    );
  return mine;
}

function startReleasing(world: SandboxContext, machine: Machine, user: string, fields: Fields): void {
  const comment = fields.text('comment');
  const erase =
    fields.flag('erase') ||
    fields.flag('secure_erase') ||
    fields.flag('quick_erase') ||
    setting(world, 'enable_disk_erasing_on_release', 'false') === 'true';
  wipeGuest(world, machine);
  machine.run = null;
  const from = machine.status;
  if (erase) {
    machine.releaseSet = newSet(world, machine, RESULT.RELEASE, ['wipe-disks']).id;
    const action = { user, action: 'start disk erasing', comment };
    logRequest(world, machine, 'REQUEST_NODE_ERASE_DISK', action);
    moveTo(world, machine, STATUS.DISK_ERASING);
    begin(world, machine, 'erase', { from });
    return;
  }
  logRequest(world, machine, 'REQUEST_NODE_RELEASE', { user, action: 'release', comment });
  forgetDeployment(machine);
  moveTo(world, machine, STATUS.RELEASING);
  logEvent(world, machine, 'RELEASING');
  begin(world, machine, 'release', { from });
  // MAAS cannot ask whether it is off, or knows that it is.
  if ((machine.powerType === 'manual' || machine.powerState === 'off') && machine.run) {
    const run = machine.run;
    finishRelease({ world, machine, run, at: world.now(), failure: undefined });
  }
}
