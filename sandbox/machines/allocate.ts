import type { SandboxContext } from '../context.ts';
import { json, type Reply, ReplyError, refuse } from '../reply.ts';
import type { Call } from '../route.ts';
import { type Fields, fieldsOf } from '../site/fields.ts';
import { type Filters, filterMachines } from './filter.ts';
import { logRequest } from './log.ts';
import { showMachine } from './show.ts';
import type { Machine } from './state.ts';
import { STATUS } from './status.ts';
import { moveTo } from './transitions.ts';

/** Parameters of op=allocate besides constraints. */
const IGNORED = new Set([
  ...['comment', 'bridge_all', 'bridge_type', 'bridge_stp', 'bridge_fd', 'dry_run', 'verbose', 'op'],
  'agent_name',
]);

/** machines/?op=allocate: the smallest Ready machine that fits. */
export async function allocate(call: Call): Promise<Reply> {
  const { world, user } = call;
  const values = await call.body.values();
  const fields = await fieldsOf(call);
  const given: Filters = new Map([...values].filter(([name]) => !IGNORED.has(name)));
  const free = world.store.state.machines.machines.filter(
    (machine) => machine.status === STATUS.READY && machine.owner === null && !machine.locked,
  );
  const fitting = filterMachines(world, free, given, 'allocate');
  const machine = fitting.toSorted((a, b) => cost(a) - cost(b))[0];
  if (!machine) throw new ReplyError(none(given, values));
  if (!fields.flag('dry_run')) acquire(world, machine, user.username, fields);
  return json(200, { ...showMachine(world, machine), constraints_by_type: {} });
}

const cost = (machine: Machine) => machine.cpuCount + machine.memory / 1024;

function none(given: Filters, values: Map<string, string[]>): Reply {
  const system = given.get('system_id')?.at(-1);
  const resolved = [...given]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, list]) => `${name}=${list.join(',')}`)
    .join(' ');
  if (resolved === '') return refuse(409, 'No machine available.');
  if (system !== undefined) return refuse(409, `No machine with system ID ${system} available.`);
  // As Python writes the list of what was given.
  const constraints = [...values]
    .filter(([name]) => name !== 'op')
    .map(([name, list]) => `('${name}', [${list.map((value) => `'${value}'`).join(', ')}])`)
    .join(', ');
  return refuse(
    409,
    `No available machine matches constraints: [${constraints}] (resolved to "${resolved}")`,
  );
}

/** Makes a machine the user's. */
export function acquire(world: SandboxContext, machine: Machine, user: string, fields: Fields): void {
  const comment = fields.text('comment');
  logRequest(world, machine, 'REQUEST_NODE_ACQUIRE', { user, action: 'acquire', comment });
  machine.owner = user;
  machine.agentName = fields.text('agent_name') ?? '';
  moveTo(world, machine, STATUS.ALLOCATED);
}
