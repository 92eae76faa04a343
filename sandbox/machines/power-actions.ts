import { json, type Reply, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { fieldsOf } from '../site/fields.ts';
import { needEphemeral } from './commission.ts';
import { deploy } from './deploy.ts';
import { failureOf } from './failures.ts';
import { stopGuest } from './guest-life.ts';
import { logEvent, logRequest } from './log.ts';
import { begin } from './run.ts';
import { answer } from './show.ts';
import type { Machine } from './state.ts';
import { STATUS } from './status.ts';
import { leaveRescue } from './steps-release.ts';
import { moveTo, needWay } from './transitions.ts';
import { machineAt } from './visible.ts';

/** op=power_parameters of one machine: with the password, as MAAS gives it. */
export const powerParameters = (call: Call): Reply => json(200, machineAt(call, 'admin').powerParameters);

/** machines/?op=power_parameters: of many or all. */
export function allPowerParameters({ world, url }: Call): Reply {
  const ids = url.searchParams.getAll('id');
  const machines = world.store.state.machines.machines.filter(
    (machine) => ids.length === 0 || ids.includes(machine.systemId),
  );
  return json(200, new Map(machines.map((machine) => [machine.systemId, machine.powerParameters])));
}

/** Asks the BMC; one that does not answer is an error state, not an error. */
export function queryPowerState(call: Call): Reply {
  const { world } = call;
  const machine = machineAt(call);
  if (machine.powerType === 'manual' || machine.powerType === '') return json(200, { state: 'unknown' });
  if (world.store.state.site.racks.length === 0)
    refuse(503, `No rack controllers can access the BMC of node ${machine.hostname}`);
  if (failureOf(world, machine, 'power')) {
    machine.powerState = 'error';
    const description =
      'Connection timed out while performing power action.  Check BMC configuration and connectivity and try again.';
    logEvent(world, machine, 'NODE_POWER_QUERY_FAILED', { description });
  } else machine.powerState = machine.powered ? 'on' : 'off';
  world.store.machinesChanged();
  return json(200, { state: machine.powerState });
}

export async function powerOn(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'edit');
  const fields = await fieldsOf(call);
  if (machine.owner === null) refuse(409, "Can't start node: it hasn't been allocated.");
  // To start a machine that is allocated is to deploy it.
  if (machine.status === STATUS.ALLOCATED) return deploy(call);
  const action = { user: user.username, action: 'start', comment: fields.text('comment') };
  logRequest(world, machine, 'REQUEST_NODE_START', action);
  // An action that is under way has its own steps.
  if (!machine.run) begin(world, machine, 'power-on');
  return answer(world, machine);
}

/** A machine without power control is not switched off, and MAAS answers with nothing. */
export async function powerOff(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'edit');
  const fields = await fieldsOf(call);
  const action = { user: user.username, action: 'stop', comment: fields.text('comment') };
  logRequest(world, machine, 'REQUEST_NODE_STOP', action);
  if (machine.powerType === 'manual') return json(200, null);
  stopGuest(world, machine);
  if (machine.run && machine.run.expires !== null) interrupt(machine);
  else begin(world, machine, 'power-off');
  return answer(world, machine);
}

/** Without power what was going on stands still, until the time limit of MAAS. */
function interrupt(machine: Machine): void {
  machine.powered = false;
  machine.powerState = 'off';
  if (machine.run) [machine.run.due, machine.run.waitsFor] = [null, 'timeout'];
}

export async function rescueMode(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'admin');
  if (machine.powerType === '')
    refuse(500, 'Unconfigured power type. Please configure the power type and try again.');
  needWay(machine, STATUS.ENTERING_RESCUE_MODE);
  needEphemeral(world, machine);
  logRequest(world, machine, 'REQUEST_NODE_START_RESCUE_MODE', {
    user: user.username,
    action: 'start rescue mode',
  });
  stopGuest(world, machine);
  const from = machine.status;
  moveTo(world, machine, STATUS.ENTERING_RESCUE_MODE);
  machine.owner = user.username;
  logEvent(world, machine, 'ENTERING_RESCUE_MODE');
  begin(world, machine, 'rescue', { from });
  return answer(world, machine);
}

export async function exitRescueMode(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'admin');
  needWay(machine, STATUS.EXITING_RESCUE_MODE);
  logRequest(world, machine, 'REQUEST_NODE_STOP_RESCUE_MODE', {
    user: user.username,
    action: 'stop rescue mode',
  });
  const from = machine.status;
  moveTo(world, machine, STATUS.EXITING_RESCUE_MODE);
  begin(world, machine, 'exit-rescue', { from });
  // Nobody can be asked whether it is off.
  if (machine.powerType === 'manual' && machine.run)
    leaveRescue({ world, machine, run: machine.run, at: world.now(), failure: undefined });
  return answer(world, machine);
}
