import { Fault } from '../core/faults/fault.ts';
import { buildInventory, hostVars } from '../maas/inventory/build.ts';
import { type Connection, type ConnectionFlags, connectionOf } from '../maas/inventory/connection.ts';
import { listMachines } from '../maas/machines/list.ts';
import { parseStatus } from '../maas/machines/status.ts';
import type { Machine } from '../maas/machines/types.ts';
import { openMaas, type TargetFlags } from './machines/open.ts';
import type { Session } from './session.ts';

export interface InventoryFlags extends TargetFlags, ConnectionFlags {
  list?: boolean;
  host?: string;
  status?: string[];
}

/** Writes what Ansible asks an inventory script for; JSON with and without --json. */
export async function inventory(session: Session, flags: InventoryFlags): Promise<void> {
  if ((flags.list === true) === (flags.host !== undefined))
    throw new Fault('USAGE', 'Use --list or --host NAME', { hint: 'Ansible itself uses one of them.' });
  const statuses = (flags.status ?? ['deployed']).map(parseStatus);
  const { host } = flags;
  const known = await knownMaas(session, flags);
  const connection = connectionOf(flags, known?.env ?? session.env);
  const machines = known
    ? await listMachines(known.client, { statuses, ...(host ? { names: [host] } : {}) })
    : [];
  const answer = host === undefined ? buildInventory(machines, connection) : hostOf(machines[0], connection);
  session.data(answer, () => JSON.stringify(answer, null, 2), 'foreign');
}

/**
 * The MAAS of the flags, the environment, our configuration or the only login; else that of DeepOps' configuration. Null, with a
 * warning, when nobody has named one: an inventory stands beside others in ansible.cfg and must not stop them.
 */
async function knownMaas(session: Session, flags: InventoryFlags) {
  const { env } = session;
  try {
    return { client: (await openMaas(session, flags)).client, env };
  } catch (error) {
    const unnamed =
      error instanceof Fault && (error.code === 'TARGET_UNKNOWN' || error.code === 'API_KEY_MISSING');
    const named = [flags.to, flags.url, flags.maasProfile, flags.apiKeyFile].some(
      (flag) => flag !== undefined,
    );
    if (!unnamed || named) throw error;
    const { deepOpsEnvironment } = await import('../maas/inventory/deepops-config.ts');
    const more = await deepOpsEnvironment(env, { cwd: process.cwd(), emit: session.emit });
    if (more) return { client: (await openMaas({ ...session, env: more }, flags)).client, env: more };
    if (error.code === 'API_KEY_MISSING') throw error;
    session.emit({
      type: 'notice',
      level: 'warning',
      message: 'No MAAS is configured: the inventory is empty',
      ...(error.hint ? { hint: error.hint } : {}),
    });
    return null;
  }
}

/** A machine that is not deployed has no variables: it is not a host of the inventory. */
function hostOf(machine: Machine | undefined, connection: Connection): object {
  return machine ? hostVars(machine, connection) : {};
}
