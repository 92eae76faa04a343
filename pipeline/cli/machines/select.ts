import { Fault } from '../../core/faults/fault.ts';
import { suggest } from '../../core/text/suggest.ts';
import type { MaasClient } from '../../maas/api/client.ts';
import { listMachines } from '../../maas/machines/list.ts';
import { placementNames } from '../../maas/machines/placement.ts';
import { parseStatus } from '../../maas/machines/status.ts';
import type { Machine, Selector } from '../../maas/machines/types.ts';
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
 * @throws Fault USAGE where nothing is selected, MACHINE_UNKNOWN for a machine, pool or zone that there is not
 */
export async function selectMachines(
  client: MaasClient,
  names: readonly string[],
  flags: SelectionFlags,
): Promise<Machine[]> {
  const selector = selectorOf(names, flags);
  if (Object.keys(selector).length === 0 && !flags.all)
    throw new Fault('USAGE', 'No machine is selected', {
      hint: 'Name machines (gpu01, "gpu*"), or use --tag, --pool, --zone, --status; --all selects every machine.',
    });
  return selectedMachines(client, selector);
}

/**
 * The machines that fit; also where some pool or zone is misspelt, which MAAS refuses for one and passes over for several.
 * @throws Fault MACHINE_UNKNOWN for a machine, pool or zone that there is not
 */
export async function selectedMachines(client: MaasClient, selector: Selector): Promise<Machine[]> {
  await expectKnown(client, 'pool', selector.pools);
  await expectKnown(client, 'zone', selector.zones);
  return listMachines(client, selector);
}

async function expectKnown(
  client: MaasClient,
  kind: 'pool' | 'zone',
  wanted: readonly string[] = [],
): Promise<void> {
  if (wanted.length === 0) return;
  const known = await placementNames(client, kind);
  const name = wanted.find((one) => !known.includes(one));
  if (name === undefined) return;
  const meant = suggest(name, known);
  throw new Fault(
    'MACHINE_UNKNOWN',
    `This MAAS has no ${kind} "${name}"${meant ? `. Did you mean "${meant}"?` : ''}`,
    { hint: `It has: ${known.join(', ')}.` },
  );
}

/** The end of a command whose selection fits no machine: all that there was to do is done. @param rest its JSON besides `ok` */
export function nothingSelected(session: Session, rest: object): void {
  session.data({ ok: true, ...rest }, 'Nothing to do: no machine of this MAAS matches the selection.');
}
