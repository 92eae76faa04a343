import { Fault } from '../../errors/fault.ts';
import type { MaasClient } from '../../maas/client.ts';
import { listMachines } from '../../machines/list.ts';
import { parseStatus } from '../../machines/status.ts';
import type { Machine, Selector } from '../../machines/types.ts';
import type { Session } from '../session.ts';

export interface SelectionFlags {
  tag?: string[];
  pool?: string[];
  zone?: string[];
  status?: string[];
  all?: boolean;
}

/** The selector of names and flags. @throws Fault USAGE for a status that there is not */
export function selectorOf(names: readonly string[], flags: SelectionFlags): Selector {
  const { tag, pool, zone, status } = flags;
  return {
    ...(names.length > 0 ? { names } : {}),
    ...(tag ? { tags: tag } : {}),
    ...(pool ? { pools: pool } : {}),
    ...(zone ? { zones: zone } : {}),
    ...(status ? { statuses: status.map(parseStatus) } : {}),
  };
}

/**
 * The machines of a command that does something with them; never all of them unasked.
 * @returns none where a filter or pattern fits none; see `nothingSelected`
 * @throws Fault USAGE where nothing is selected, MACHINE_UNKNOWN for a name that there is not
 */
export async function selectMachines(
  client: MaasClient,
  names: readonly string[],
  flags: SelectionFlags,
): Promise<Machine[]> {
  const selector = selectorOf(names, flags);
  if (Object.keys(selector).length === 0 && !flags.all)
    throw new Fault('USAGE', 'No machine is selected', {
      hint: 'Name machines (gpu01, "gpu*"), or use --tag, --pool, --zone, --status; --all means every one.',
    });
  return listMachines(client, selector);
}

/** The end of a command whose selection fits no machine: all that there was to do is done. @param rest its JSON besides `ok` */
export function nothingSelected(session: Session, rest: object): void {
  session.data({ ok: true, ...rest }, 'Nothing to do: no machine of this MAAS fits the selection.');
}
