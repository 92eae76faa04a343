import { machineText } from '../../maas/machines/tables.ts';
import type { Session } from '../session.ts';
import { openMaas, type TargetFlags } from './open.ts';
import { selectMachines } from './select.ts';

/** Machines by name or id, each with all that MAAS says of it. @throws Fault MACHINE_UNKNOWN */
export async function show(session: Session, names: string[], flags: TargetFlags): Promise<void> {
  const { client, target } = await openMaas(session, flags);
  const machines = await selectMachines(client, names, {});
  session.data({ ok: true, target, machines }, () =>
    machines.map((machine) => machineText(machine, session.paint)).join('\n\n'),
  );
}
