import { json, type Reply, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { type Fields, fieldsOf, wrongField, wrongForm } from '../site/fields.ts';
import type { World } from '../world.ts';
import { stopGuest } from './guest-life.ts';
import { logEvent, logRequest, setStatus } from './log.ts';
import { commissioningSeries } from './place.ts';
import { canBoot } from './releases.ts';
import { begin, end, forgetDeployment } from './run.ts';
import { abortScripts, COMMISSIONING_SCRIPTS, DEFAULT_TESTS, newSet, RESULT, setAt } from './scripts.ts';
import { showMachine } from './show.ts';
import type { Machine } from './state.ts';
import { ACTIONABLE, STATUS, type Status, shownStatus } from './status.ts';
import { applyLayout, LAYOUTS } from './storage.ts';
import { machineAt } from './visible.ts';

export const answer = (world: World, machine: Machine): Reply => json(200, showMachine(world, machine));

/** Refuses what needs an ephemeral Ubuntu that was not imported. */
export function needEphemeral(world: World, machine: Machine): void {
  const series = commissioningSeries(world);
  if (!canBoot(world, series, machine.architecture))
    refuse(400, `Ephemeral operating system ubuntu ${series} is unavailable.`);
}

function needPowerType(machine: Machine): void {
  if (machine.powerType === '')
    refuse(503, 'Unconfigured power type. Please configure the power type and try again.');
}

export async function commission(call: Call): Promise<Reply> {
  const machine = machineAt(call, 'admin');
  const fields = await fieldsOf(call);
  if (!ACTIONABLE.commission.has(machine.status))
    wrongForm('Commission is not available because of the current state of the node.');
  startCommissioning(call.world, machine, call.user.username, fields);
  return answer(call.world, machine);
}

/** @throws Refused without power type or without an imported Ubuntu */
export function startCommissioning(world: World, machine: Machine, user: string, fields?: Fields): void {
  needPowerType(machine);
  needEphemeral(world, machine);
  logRequest(world, machine, 'REQUEST_NODE_START_COMMISSIONING', { user, action: 'start commissioning' });
  const asked = fields && scriptsOf(fields, 'testing_scripts');
  machine.commissioningSet = newSet(world, machine, RESULT.COMMISSIONING, COMMISSIONING_SCRIPTS).id;
  const tests = asked ?? DEFAULT_TESTS;
  machine.testingSet = tests.includes('none') ? null : newSet(world, machine, RESULT.TESTING, tests).id;
  // Commissioning lays the disks out anew unless it is told not to.
  if (!fields?.flag('skip_storage')) {
    machine.disks = [];
    machine.layout = null;
  }
  machine.owner = user;
  machine.errorDescription = '';
  const from = machine.status;
  setStatus(world, machine, STATUS.COMMISSIONING);
  logEvent(world, machine, 'COMMISSIONING');
  begin(world, machine, 'commission', { from });
}

const scriptsOf = (fields: Fields, name: string): string[] | undefined =>
  fields
    .list(name)
    ?.flatMap((value) => value.split(','))
    .filter((value) => value !== '');

export async function test(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'admin');
  const fields = await fieldsOf(call);
  if (!ACTIONABLE.test.has(machine.status))
    wrongForm('Test is not available because of the current state of the node.');
  needPowerType(machine);
  if (machine.status === STATUS.NEW && machine.commissioningSet === null)
    wrongForm(
      "Unable to start machine testing; this node has never been commissioned. Please use the 'Commission' action to commission & test this machine.",
    );
  needEphemeral(world, machine);
  const tests = scriptsOf(fields, 'testing_scripts') ?? DEFAULT_TESTS;
  machine.testingSet = newSet(world, machine, RESULT.TESTING, tests).id;
  const action = { user: user.username, action: 'start testing' };
  logRequest(world, machine, 'REQUEST_NODE_START_TESTING', action);
  const from = machine.status;
  setStatus(world, machine, STATUS.TESTING);
  machine.owner ??= user.username;
  logEvent(world, machine, 'TESTING');
  begin(world, machine, 'test', { from, back: afterTests(from) });
  return answer(world, machine);
}

/** A failed machine that passes its tests is ready again. */
function afterTests(from: Status): Status {
  const keep: Status[] = [
    STATUS.DEPLOYED,
    STATUS.ALLOCATED,
    STATUS.RESERVED,
    STATUS.READY,
    STATUS.RESCUE_MODE,
  ];
  if (keep.includes(from)) return from;
  return from === STATUS.FAILED_COMMISSIONING ? STATUS.NEW : STATUS.READY;
}

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
      to: machine.run?.from ?? machine.previousStatus,
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
  setStatus(world, machine, found.to);
  end(world, machine);
  if (machine.powerType !== 'manual') begin(world, machine, 'power-off');
  return answer(world, machine);
}

type Requests =
  | 'REQUEST_NODE_ABORT_COMMISSIONING'
  | 'REQUEST_NODE_ABORT_DEPLOYMENT'
  | 'REQUEST_NODE_ABORT_TESTING'
  | 'REQUEST_NODE_ABORT_ERASE_DISK';
type Aborted = 'ABORTED_COMMISSIONING' | 'ABORTED_DEPLOYMENT' | 'ABORTED_TESTING' | 'ABORTED_DISK_ERASING';

export async function setStorageLayout(call: Call): Promise<Reply> {
  const { world } = call;
  const machine = machineAt(call, 'admin');
  const fields = await fieldsOf(call);
  if (machine.status !== STATUS.READY)
    refuse(409, 'Cannot change the storage layout on a machine that is not Ready.');
  const layout = fields.text('storage_layout') ?? '';
  if (layout === '') wrongField('storage_layout', 'This field is required.');
  if (!LAYOUTS.includes(layout)) {
    const list = LAYOUTS.map((one) => `'${one}'`).join(', ');
    wrongField('storage_layout', `'${layout}' is not a valid storage layout.  It should be one of: ${list}.`);
  }
  if (machine.disks.length === 0)
    refuse(400, 'Machine is missing a boot disk; no storage layout can be applied.');
  applyLayout(world, machine, layout);
  world.store.machinesChanged();
  return answer(world, machine);
}

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
    setStatus(world, machine, STATUS.RELEASING);
    logEvent(world, machine, 'RELEASING');
    if (machine.powerType !== 'manual') begin(world, machine, 'power-off');
  }
  setStatus(world, machine, STATUS.BROKEN);
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
  setStatus(world, machine, machine.previousStatus === STATUS.DEPLOYED ? STATUS.DEPLOYED : STATUS.READY);
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
  setStatus(world, machine, machine.osystem === '' ? STATUS.READY : STATUS.DEPLOYED);
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
