import { type Reply, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { type Fields, fieldsOf, wrongField, wrongForm } from '../site/fields.ts';
import type { World } from '../world.ts';
import { logEvent, logRequest, setStatus } from './log.ts';
import { commissioningSeries } from './place.ts';
import { canBoot } from './releases.ts';
import { begin } from './run.ts';
import { COMMISSIONING_SCRIPTS, DEFAULT_TESTS, newSet, RESULT, TESTS } from './scripts.ts';
import { answer } from './show.ts';
import type { Machine } from './state.ts';
import { ACTIONABLE, STATUS } from './status.ts';
import { machineAt } from './visible.ts';

/** Refuses what needs an ephemeral Ubuntu that was not imported. */
export function needEphemeral(world: World, machine: Machine): void {
  const series = commissioningSeries(world);
  if (!canBoot(world, series, machine.architecture))
    refuse(400, `Ephemeral operating system ubuntu ${series} is unavailable.`);
}

function needPowerType(machine: Machine): void {
  if (machine.powerType === '')
    refuse(500, 'Unconfigured power type. Please configure the power type and try again.');
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
  const asked = fields && testsOf(fields);
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

/** The tests that a form names, or undefined. @throws Refused for one that there is not */
function testsOf(fields: Fields): string[] | undefined {
  const names = fields
    .list('testing_scripts')
    ?.flatMap((value) => value.split(','))
    .filter((value) => value !== '');
  const odd = names?.find((name) => !TESTS.includes(name));
  if (odd !== undefined)
    wrongField('testing_scripts', `Select a valid choice. ${odd} is not one of the available choices.`);
  return names;
}

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
  const tests = testsOf(fields) ?? DEFAULT_TESTS;
  machine.testingSet = newSet(world, machine, RESULT.TESTING, tests).id;
  const action = { user: user.username, action: 'start testing' };
  logRequest(world, machine, 'REQUEST_NODE_START_TESTING', action);
  setStatus(world, machine, STATUS.TESTING);
  machine.owner ??= user.username;
  logEvent(world, machine, 'TESTING');
  begin(world, machine, 'test', { from: machine.previousStatus });
  return answer(world, machine);
}
