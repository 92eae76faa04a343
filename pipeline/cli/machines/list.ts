import { machinesTable } from '../../maas/machines/tables.ts';
import type { Session } from '../session.ts';
import { openMaas, type TargetFlags } from './open.ts';
import { type SelectionFlags, selectedMachines, selectorOf } from './select.ts';

export async function list(
  session: Session,
  names: string[],
  flags: TargetFlags & SelectionFlags,
): Promise<void> {
  const selector = selectorOf(names, flags);
  const { client, target } = await openMaas(session, flags);
  const machines = await selectedMachines(client, selector);
  session.data({ ok: true, target, machines }, () => machinesTable(machines, session.paint));
}
