import { Fault } from '../../errors/fault.ts';
import type { MaasClient } from '../../maas/client.ts';
import { listMachines } from '../../machines/list.ts';
import { parseStatus } from '../../machines/status.ts';
import type { Machine, Selector } from '../../machines/types.ts';

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
 * @throws Fault USAGE where nothing is selected, MACHINE_UNKNOWN where nothing fits
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
  const machines = await listMachines(client, selector);
  if (machines.length > 0) return machines;
  throw new Fault('MACHINE_UNKNOWN', 'No machine of this MAAS fits the selection', {
    hint: 'dgxos-maas machines list shows what there is.',
  });
}
