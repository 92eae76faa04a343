import { ReplyError, refuse, text } from '../reply.ts';
import type { Call } from '../route.ts';
import type { Machine } from './state.ts';

/** The machines that the caller may see: all for an administrator, else his own and nobody's. */
export function visible({ world, user }: Call): Machine[] {
  const { machines } = world.store.state.machines;
  return user.admin
    ? machines
    : machines.filter((machine) => machine.owner === null || machine.owner === user.username);
}

/**
 * The machine of the path.
 * @param need `edit` is refused for somebody else's machine and for a locked one
 */
export function machineAt(call: Call, need: 'view' | 'edit' | 'admin' | 'lock' = 'view'): Machine {
  const { world, at, user } = call;
  const machine =
    world.store.state.machines.machines.find((known) => known.systemId === at.system_id) ??
    refuse(404, 'No Machine matches the given query.');
  const own = machine.owner === null || machine.owner === user.username;
  const allowed = user.admin || (need === 'view' || need === 'edit' ? own : need === 'lock' && own);
  if (!allowed || (machine.locked && need === 'edit')) throw new ReplyError(text(403, ''));
  return machine;
}
