import { Fault } from '../../core/faults/fault.ts';
import { suggest } from '../../core/text/suggest.ts';
import type { MaasClient } from '../api/client.ts';
import { parseMachine, parseMachines } from './parse-machine.ts';
import { isPattern, nameMatches, queryOf, selects } from './selector.ts';
import type { Machine, Selector } from './types.ts';

/**
 * The machines that are meant, in the order in which they are named, else by host name as people count (gpu2 before gpu10).
 * One request, however many there are; two when a name is not found as a host name.
 * @throws Fault MACHINE_UNKNOWN for a name that is not a machine of this MAAS
 */
export async function listMachines(client: MaasClient, selector: Selector = {}): Promise<Machine[]> {
  const { names } = selector;
  const query = hostnameQuery(selector);
  if (names && query !== undefined) {
    const found = await list(client, query);
    if (names.every((name) => found.some((machine) => nameMatches(machine, name))))
      return ordered(found, selector);
  }
  const all = await list(client, names ? '' : queryOf(selector));
  for (const name of names ?? [])
    if (!isPattern(name) && !all.some((machine) => nameMatches(machine, name))) throw unknown(name, all);
  return ordered(all, selector);
}

/** One machine as it is now. @throws Fault MAAS_NOT_FOUND */
export async function readMachine(client: MaasClient, systemId: string): Promise<Machine> {
  const path = `machines/${systemId}/`;
  return parseMachine(client, path, await client.get(path));
}

async function list(client: MaasClient, query: string): Promise<Machine[]> {
  const path = `machines/${query}`;
  return parseMachines(client, path, await client.get(path));
}

/** Plain host names are what the server can look up by itself; undefined where one could be something else. */
function hostnameQuery({ names, systemIds }: Selector): string | undefined {
  if (!names?.length || systemIds || names.length > 100) return undefined;
  if (names.some((name) => !/^[A-Za-z0-9-]+$/.test(name))) return undefined;
  return `?${new URLSearchParams(names.map((name): [string, string] => ['hostname', name.toLowerCase()]))}`;
}

function ordered(machines: readonly Machine[], selector: Selector): Machine[] {
  const place = (machine: Machine) => selector.names?.findIndex((name) => nameMatches(machine, name)) ?? 0;
  return machines
    .filter((machine) => selects(selector, machine))
    .map((machine) => ({ machine, place: place(machine) }))
    .sort((a, b) => a.place - b.place || collator.compare(a.machine.hostname, b.machine.hostname))
    .map(({ machine }) => machine);
}

const collator = new Intl.Collator('en', { numeric: true });

function unknown(name: string, all: readonly Machine[]): Fault {
  const names = all.map(({ hostname }) => hostname).sort(collator.compare);
  const meant = suggest(name, names);
  const some = names.length > 10 ? `${names.slice(0, 10).join(', ')}, … (${names.length})` : names.join(', ');
  return new Fault(
    'MACHINE_UNKNOWN',
    `This MAAS has no machine "${name}"${meant ? `. Did you mean "${meant}"?` : ''}`,
    { hint: names.length ? `It has: ${some}.` : 'It has no machine yet: dgxos-maas machines add.' },
  );
}
