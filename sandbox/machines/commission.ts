import type { SandboxContext } from '../context.ts';
import { type Reply, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { type Fields, fieldsOf } from '../site/fields.ts';
import { logEvent, logRequest } from './log.ts';
import { commissioningSeries } from './place.ts';
import { canBoot } from './releases.ts';
import { begin } from './run.ts';
import { COMMISSIONING_SCRIPTS, DEFAULT_TESTS, newSet, RESULT, TESTS } from './scripts.ts';
import { answer } from './show.ts';
import type { Machine } from './state.ts';
import { ACTIONABLE, STATUS } from './status.ts';
import { moveTo } from './transitions.ts';
import { machineAt } from './visible.ts';

/** Refuses what needs an ephemeral Ubuntu that was not imported. */
export function needEphemeral(world: SandboxContext, machine: Machine): void {
  const series = commissioningSeries(world);
  if (!canBoot(world, series, machine.architecture))
    refuse(400, `Ephemeral operating system ubuntu ${series} is unavailable.`);
}

/** Scripts that can be requested at commissioning, by name or by tag. */
const COMMISSIONING_CHOICES = [...COMMISSIONING_SCRIPTS, 'commissioning', 'node', 'none'];

function needPowerType(machine: Machine): void {
  if (machine.powerType === '')
    refuse(500, 'Unconfigured power type. Please configure the power type and try again.');
}

export async function commission(call: Call): Promise<Reply> {
  const machine = machineAt(call, 'admin');
  const fields = await fieldsOf(call);
  cleanScripts(fields, 'commissioning_scripts', COMMISSIONING_CHOICES);
  cleanScripts(fields, 'testing_scripts', TESTS);
  if (!ACTIONABLE.commission.has(machine.status))
    fields.wrong('__all__', 'Commission is not available because of the current state of the node.');
  fields.check();
  startCommissioning(call.world, machine, call.user.username, fields);
  return answer(call.world, machine);
}

/** @throws Refused without power type or without an imported Ubuntu */
export function startCommissioning(
  world: SandboxContext,
  machine: Machine,
  user: string,
  fields?: Fields,
): void {
  needPowerType(machine);
  needEphemeral(world, machine);
  logRequest(world, machine, 'REQUEST_NODE_START_COMMISSIONING', { user, action: 'start commissioning' });
  const chosen = fields && scriptsOf(fields, 'testing_scripts');
  machine.commissioningSet = newSet(world, machine, RESULT.COMMISSIONING, COMMISSIONING_SCRIPTS).id;
  const tests = chosen ?? DEFAULT_TESTS;
  machine.testingSet = tests.includes('none') ? null : newSet(world, machine, RESULT.TESTING, tests).id;
  // Commissioning sets the disk layout again unless it is asked not to.
  if (!fields?.flag('skip_storage')) {
    machine.disks = [];
    machine.layout = null;
  }
  machine.owner = user;
  machine.errorDescription = '';
  const from = machine.status;
  moveTo(world, machine, STATUS.COMMISSIONING);
  logEvent(world, machine, 'COMMISSIONING');
  begin(world, machine, 'commission', { from });
}

/** The scripts that a form names, or undefined. */
const scriptsOf = (fields: Fields, field: string): string[] | undefined =>
  fields
    .list(field)
    ?.flatMap((value) => value.split(','))
    .filter((value) => value !== '');

/** Says of a field which script in it there is not. */
function cleanScripts(fields: Fields, field: string, known: readonly string[]): void {
  const odd = scriptsOf(fields, field)?.find((name) => !known.includes(name));
  if (odd !== undefined)
    fields.wrong(field, `Select a valid choice. ${odd} is not one of the available choices.`);
}

export async function test(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machine = machineAt(call, 'admin');
  const fields = await fieldsOf(call);
  cleanScripts(fields, 'testing_scripts', TESTS);
  if (!ACTIONABLE.test.has(machine.status))
    fields.wrong('__all__', 'Test is not available because of the current state of the node.');
  fields.check();
  needPowerType(machine);
  if (machine.status === STATUS.NEW && machine.commissioningSet === null)
    refuse(
      400,
      "Unable to start machine testing; this node has never been commissioned. Please use the 'Commission' action to commission & test this machine.",
    );
  needEphemeral(world, machine);
  const tests = scriptsOf(fields, 'testing_scripts') ?? DEFAULT_TESTS;
  machine.testingSet = newSet(world, machine, RESULT.TESTING, tests).id;
  const action = { user: user.username, action: 'start testing' };
  logRequest(world, machine, 'REQUEST_NODE_START_TESTING', action);
  moveTo(world, machine, STATUS.TESTING);
  machine.owner ??= user.username;
  logEvent(world, machine, 'TESTING');
  begin(world, machine, 'test', { from: machine.previousStatus });
  return answer(world, machine);
}
