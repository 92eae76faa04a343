import { Fault } from '../errors/fault.ts';
import { buildInventory, hostVars } from '../inventory/build.ts';
import { type Connection, type ConnectionFlags, connectionOf } from '../inventory/connection.ts';
import { listMachines } from '../machines/list.ts';
import { parseStatus } from '../machines/status.ts';
import type { Machine } from '../machines/types.ts';
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
    throw new Fault('USAGE', 'Say --list or --host NAME', { hint: 'Ansible itself says one of them.' });
  const connection = connectionOf(flags, session.env);
  const statuses = (flags.status ?? ['deployed']).map(parseStatus);
  const { client } = await openMaas(session, flags);
  const { host } = flags;
  const machines = await listMachines(client, { statuses, ...(host ? { names: [host] } : {}) });
  const answer = host === undefined ? buildInventory(machines, connection) : hostOf(machines[0], connection);
  session.data(answer, () => JSON.stringify(answer, null, 2), 'document');
}

/** A machine that is not deployed has no variables: it is no host of the inventory. */
function hostOf(machine: Machine | undefined, connection: Connection): object {
  return machine ? hostVars(machine, connection) : {};
}
