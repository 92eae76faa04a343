import pLimit from 'p-limit';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { isTemporary, RetryBudget } from '../../host/http/retry-budget.ts';
import type { Form, MaasClient } from '../api/client.ts';
import { bmcConflictChecker } from './bmc-owner.ts';
import type { NewMachine } from './new-machine.ts';
import { parseMachine, parseMachines } from './parse-machine.ts';
import { powerForm } from './power-parameters.ts';
import type { PowerType } from './power-types.ts';
import { applyTags } from './tags.ts';
import type { Machine } from './types.ts';

export interface Added {
  hostname: string;
  /** `already`: it is there as wanted; `completed`: it was there, and what an earlier try had not set was set. */
  outcome: 'added' | 'already' | 'completed' | 'refused' | 'failed';
  /** Also of one that was made, and of which something then failed. */
  machine: Machine | undefined;
  /** Values that were set on a machine that was there: pool, zone, domain, tags. */
  set: string[];
  /** Differences from the file that are left as they are: another architecture, power type, addresses. */
  differs: string[];
  fault?: Fault;
}

export interface AddSettings {
  concurrency: number;
  emit: Emit;
  signal: AbortSignal;
}

/** More of them are looked up by listing every machine: a query has its length. */
const LOOKED_UP = 50;

/**
 * Adds machines, a few at a time, and tags them; one that fails does not stop the others. MAAS is asked not to commission
 * them yet.
 * @param types the server's power types; not needed when no machine has power
 */
export async function addMachines(
  client: MaasClient,
  wanted: readonly NewMachine[],
  types: readonly PowerType[],
  settings: AddSettings,
): Promise<Added[]> {
  const existing = await existingOf(client, wanted);
  const limit = pLimit(settings.concurrency);
  const results = await Promise.all(
    wanted.map((one) => limit(() => addOne(client, one, types, existing, settings))),
  );
  return tagAll(client, wanted, results, settings.signal);
}

/** Tags all that are there, a request for each tag; a tag that is refused is reported with its machines. */
async function tagAll(
  client: MaasClient,
  wanted: readonly NewMachine[],
  results: Added[],
  signal: AbortSignal,
): Promise<Added[]> {
  const tags = new Set(wanted.flatMap((one) => one.tags ?? []));
  for (const tag of tags) {
    const meant = results.filter(
      ({ machine }, at) => machine && wanted[at]?.tags?.includes(tag) && !machine.tags.includes(tag),
    );
    const machines = meant.map(({ machine }) => machine!);
    try {
      await applyTags(client, [{ tag, way: 'add', machines }]);
      for (const result of meant) noteSet(result, `tag ${tag}`);
    } catch (error) {
      if (!(error instanceof Fault) || signal.aborted) throw error;
      for (const result of meant) Object.assign(result, { outcome: 'failed', fault: error });
    }
  }
  return results;
}

function noteSet(result: Added, what: string): void {
  if (result.outcome === 'added') return;
  result.set.push(what);
  if (result.outcome === 'already') result.outcome = 'completed';
}

/** Those that have one of the names or addresses already. Two requests, or one for many. */
async function existingOf(client: MaasClient, wanted: readonly NewMachine[]): Promise<Machine[]> {
  if (wanted.length > LOOKED_UP) return machinesAt(client, 'machines/');
  const query = (key: string, values: string[]) =>
    machinesAt(
      client,
      `machines/?${new URLSearchParams(values.map((value): [string, string] => [key, value]))}`,
    );
  const macs = wanted.flatMap((one) => one.macs);
  const byMac = macs.length > 0 ? await query('mac_address', macs) : [];
  const byName = await query(
    'hostname',
    wanted.map(({ hostname }) => hostname),
  );
  return [...new Map([...byMac, ...byName].map((machine) => [machine.systemId, machine])).values()];
}

async function machinesAt(client: MaasClient, path: string): Promise<Machine[]> {
  return parseMachines(client, path, await client.get(path));
}

async function addOne(
  client: MaasClient,
  wanted: NewMachine,
  types: readonly PowerType[],
  existing: readonly Machine[],
  { signal }: AddSettings,
): Promise<Added> {
  const { hostname, macs } = wanted;
  if (signal.aborted) throw signal.reason;
  const ofMac = existing.find((machine) => machine.macs.some((mac) => macs.includes(mac)));
  const ofName = existing.find((machine) => machine.hostname === hostname);
  if (ofName && (ofMac === ofName || (macs.length === 0 && !ofMac))) return converge(client, wanted, ofName);
  const fault = ofMac ? macTaken(ofMac, macs) : ofName ? nameTaken(ofName) : undefined;
  if (fault) return { hostname, outcome: 'refused', machine: undefined, set: [], differs: [], fault };
  let machine: Machine | undefined;
  try {
    const form = formOf(wanted, types);
    machine = await create(client, form, macs, { signal, judge: bmcConflictChecker(client, form, types) });
    machine = (await place(client, wanted, machine)).machine;
    return { hostname, outcome: 'added', machine, set: [], differs: [] };
  } catch (error) {
    if (!(error instanceof Fault) || signal.aborted) throw error;
    return { hostname, outcome: 'failed', machine, set: [], differs: [], fault: error };
  }
}

/** Values that an existing machine does not have yet: an earlier try may have ended half-way. */
async function converge(client: MaasClient, wanted: NewMachine, there: Machine): Promise<Added> {
  const { hostname, architecture, macs, power } = wanted;
  const differs = [
    ...(architecture !== null && there.architecture && architecture !== there.architecture
      ? [`its architecture is ${there.architecture}, not ${architecture}`]
      : []),
    ...(power && there.powerType && power.type !== there.powerType
      ? [`its power type is ${there.powerType}, not ${power.type} (dgxos-maas machines power set)`]
      : []),
    ...macs.filter((mac) => !there.macs.includes(mac)).map((mac) => `it has no interface ${mac}`),
  ];
  try {
    const { machine, set } = await place(client, wanted, there);
    return { hostname, outcome: set.length > 0 ? 'completed' : 'already', machine, set, differs };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { hostname, outcome: 'failed', machine: there, set: [], differs, fault: error };
  }
}

/** Puts a machine into its pool, zone and domain where it is not there. */
async function place(
  client: MaasClient,
  { pool, zone, domain }: NewMachine,
  machine: Machine,
): Promise<{ machine: Machine; set: string[] }> {
  const wanted = { pool, zone, domain };
  const form = Object.fromEntries(
    (['pool', 'zone', 'domain'] as const).flatMap((key) =>
      wanted[key] && wanted[key] !== machine[key] ? [[key, wanted[key]]] : [],
    ),
  ) as Record<string, string>;
  const set = Object.entries(form).map(([key, value]) => `${key} ${value}`);
  if (set.length === 0) return { machine, set };
  const path = `machines/${machine.systemId}/`;
  return { machine: parseMachine(client, path, await client.update(path, form)), set };
}

/** One try; after a lost answer the addresses show whether it has worked. */
async function create(
  client: MaasClient,
  form: Form,
  macs: readonly string[],
  { signal, judge }: Pick<AddSettings, 'signal'> & { judge: (fault: Fault) => Promise<void> },
): Promise<Machine> {
  const retryBudget = new RetryBudget({ totalS: 60 });
  retryBudget.reached();
  for (;;) {
    try {
      return parseMachine(client, 'machines/', await client.post('machines/', form));
    } catch (error) {
      if (!(error instanceof Fault) || !isTemporary(error)) throw error;
      await judge(error);
      await retryBudget.pause(error, signal, client.retrying(error));
      const [mac] = macs;
      const query = new URLSearchParams(
        mac === undefined ? { hostname: String(form.hostname) } : { mac_address: mac },
      );
      const [made] = await machinesAt(client, `machines/?${query}`);
      if (made) return made;
    }
  }
}

function formOf(wanted: NewMachine, types: readonly PowerType[]): Form {
  const { hostname, architecture, macs, power, description, domain } = wanted;
  return {
    hostname,
    ...(architecture === null ? {} : { architecture }),
    ...(macs.length > 0 ? { mac_addresses: macs } : {}),
    // MAAS would commission it at once, before its place and its tags are set.
    commission: false,
    ...(description ? { description } : {}),
    ...(domain ? { domain } : {}),
    ...(power ? powerForm(types, power) : {}),
  };
}

function macTaken(machine: Machine, macs: readonly string[]): Fault {
  const mac = macs.find((one) => machine.macs.includes(one));
  return new Fault('MACHINE_STATE', `${mac} already belongs to the machine ${machine.hostname}`, {
    hint: `dgxos-maas machines list ${machine.hostname}; rename a machine that enlisted itself in MAAS.`,
  });
}

function nameTaken(machine: Machine): Fault {
  return new Fault(
    'MACHINE_STATE',
    `A machine ${machine.hostname} already exists, with ${machine.macs.join(', ') || 'no address'}`,
    { hint: 'Choose another host name.' },
  );
}
