import { NOBODY } from '../auth.ts';
import type { SandboxContext } from '../context.ts';
import { json, type Reply, refuse, removed } from '../reply.ts';
import type { Call, Route } from '../route.ts';
import { type Fields, fieldsOf } from '../site/fields.ts';
import { abort } from './abort.ts';
import { allocate } from './allocate.ts';
import { commission, startCommissioning, test } from './commission.ts';
import { deploy } from './deploy.ts';
import { details } from './details.ts';
import { eventRoutes } from './events.ts';
import { type Filters, filterMachines } from './filter.ts';
import { createMachine, isMac, normalMac, updateMachine } from './form.ts';
import { wipeGuest } from './guest-life.ts';
import { setStorageLayout } from './layouts.ts';
import { lock, markBroken, markFixed, overrideFailedTesting, unlock } from './marks.ts';
import {
  allPowerParameters,
  exitRescueMode,
  powerOff,
  powerOn,
  powerParameters,
  queryPowerState,
  rescueMode,
} from './power-actions.ts';
import { named, release, releaseMany } from './release.ts';
import { resultRoutes } from './results.ts';
import { answer, showMachine } from './show.ts';
import type { Machine } from './state.ts';
import { STATUS, shownStatus } from './status.ts';
import { tagRoutes } from './tags.ts';
import { machineAt, visible } from './visible.ts';

/** Machines, tags and events. */
export const machineRoutes: Route[] = [
  {
    path: 'machines/',
    operations: {
      GET: { kind: 'machines', run: list },
      POST: { kind: 'machine-create', run: create },
      'GET power_parameters': { kind: 'all-power-parameters', admin: true, run: allPowerParameters },
      'POST allocate': { kind: 'allocate', run: allocate },
      'POST release': { kind: 'release-many', run: releaseMany },
      'POST accept': { kind: 'accept', for: 'maas command', run: accept },
      'POST accept_all': { kind: 'accept-all', for: 'maas command', run: acceptAll },
    },
  },
  {
    path: 'machines/{system_id}/',
    operations: {
      GET: { kind: 'machine', run: (call) => answer(call.world, machineAt(call)) },
      PUT: { kind: 'machine-update', run: update },
      DELETE: { kind: 'machine-delete', run: remove },
      'GET power_parameters': { kind: 'power-parameters', for: 'maas command', run: powerParameters },
      'GET query_power_state': { kind: 'query-power-state', run: queryPowerState },
      'POST power_on': { kind: 'power-on', for: 'machine state', run: powerOn },
      'POST power_off': { kind: 'power-off', for: 'machine state', run: powerOff },
      'POST commission': { kind: 'commission', run: commission },
      'POST deploy': { kind: 'deploy', run: deploy },
      'POST release': { kind: 'release', run: release },
      'POST abort': { kind: 'abort', for: 'machine state', run: abort },
      'POST test': { kind: 'test', for: 'machine state', run: test },
      'POST override_failed_testing': {
        kind: 'override-failed-testing',
        for: 'machine state',
        run: overrideFailedTesting,
      },
      'POST rescue_mode': { kind: 'rescue-mode', for: 'machine state', run: rescueMode },
      'POST exit_rescue_mode': { kind: 'exit-rescue-mode', for: 'machine state', run: exitRescueMode },
      'POST mark_broken': { kind: 'mark-broken', for: 'machine state', run: markBroken },
      'POST mark_fixed': { kind: 'mark-fixed', for: 'machine state', run: markFixed },
      'POST set_storage_layout': { kind: 'set-storage-layout', run: setStorageLayout },
      'GET details': { kind: 'details', for: 'maas command', run: details },
      'POST lock': { kind: 'lock', for: 'machine state', run: lock },
      'POST unlock': { kind: 'unlock', for: 'machine state', run: unlock },
    },
  },
  ...tagRoutes,
  ...eventRoutes,
  ...resultRoutes,
];

function list(call: Call): Reply {
  const { world, url } = call;
  const given: Filters = new Map();
  for (const name of new Set(url.searchParams.keys()))
    if (name !== 'op') given.set(name, url.searchParams.getAll(name));
  const machines = filterMachines(world, visible(call), given, 'list');
  return json(
    200,
    machines.map((machine) => showMachine(world, machine)),
  );
}

/** Adds a machine and commissions it, unless asked not to or the caller may not. */
async function create(call: Call): Promise<Reply> {
  const { world, user } = call;
  const fields = await fieldsOf(call);
  if (user === NOBODY) return enlisted(call, fields);
  const machine = createMachine(world, fields, [...(await call.body.values()).keys()]);
  const commissioned = fields.flag('commission') ?? true;
  try {
    if (user.admin && commissioned) startCommissioning(world, machine, user.username, fields);
  } catch (error) {
    // All of it is one transaction.
    forget(world, machine);
    throw error;
  }
  return answer(world, machine);
}

/** A machine that shows up by itself; one that has shown up before is the same. MAAS shows it few fields. */
async function enlisted(call: Call, fields: Fields): Promise<Reply> {
  const { world } = call;
  const macs = (fields.list('mac_addresses') ?? []).filter(isMac).map(normalMac);
  const known = world.store.state.machines.machines.find(
    ({ status, nics }) => status <= STATUS.COMMISSIONING && nics.some(({ mac }) => macs.includes(mac)),
  );
  const names = [...(await call.body.values()).keys()];
  const shown = showMachine(world, known ?? createMachine(world, fields, names));
  return json(
    200,
    Object.fromEntries(Object.entries(shown).filter(([name]) => ANONYMOUS_FIELDS.includes(name))),
  );
}

const ANONYMOUS_FIELDS = [
  ...['system_id', 'hostname', 'domain', 'fqdn', 'architecture', 'status', 'power_type', 'power_state'],
  ...['zone', 'status_action', 'status_message', 'status_name', 'node_type', 'resource_uri'],
];

function forget(world: SandboxContext, machine: Machine): void {
  const { machines } = world.store.state;
  machines.machines = machines.machines.filter((other) => other !== machine);
  machines.scriptSets = machines.scriptSets.filter((set) => set.systemId !== machine.systemId);
  world.store.machinesChanged();
}

async function update(call: Call): Promise<Reply> {
  const machine = machineAt(call, 'admin');
  updateMachine(call.world, machine, await fieldsOf(call), [...(await call.body.values()).keys()]);
  return answer(call.world, machine);
}

function remove(call: Call): Reply {
  const machine = machineAt(call, 'admin');
  wipeGuest(call.world, machine);
  machine.run = null;
  forget(call.world, machine);
  return removed();
}

async function accept(call: Call): Promise<Reply> {
  const { world, user } = call;
  const machines = named(call, (await fieldsOf(call)).list('machines') ?? [], 'accept');
  const settled: number[] = [STATUS.READY, STATUS.COMMISSIONING];
  const accepted = machines.filter((machine) => !settled.includes(machine.status));
  const odd = accepted.find((machine) => machine.status !== STATUS.NEW);
  if (odd)
    refuse(
      409,
      `Cannot accept node enlistment: node ${odd.systemId} is in state ${shownStatus(odd.status)}.`,
    );
  for (const machine of accepted) startCommissioning(world, machine, user.username);
  return json(
    200,
    accepted.map((machine) => showMachine(world, machine)),
  );
}

function acceptAll(call: Call): Reply {
  const { world, user } = call;
  const accepted = visible(call).filter((machine) => machine.status === STATUS.NEW);
  for (const machine of accepted) startCommissioning(world, machine, user.username);
  return json(
    200,
    accepted.map((machine) => showMachine(world, machine)),
  );
}
