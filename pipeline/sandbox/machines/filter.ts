import { formErrors, Refused, refuse } from '../reply.ts';
import type { World } from '../world.ts';
import { isMac, normalMac } from './form.ts';
import { fqdnOf, namesOf, poolOf, zoneOf } from './place.ts';
import type { Machine } from './state.ts';
import { STATUS, type StatusName } from './status.ts';

/** A form's or query's fields, each with all its values. */
export type Filters = Map<string, string[]>;

type Test = (world: World, machine: Machine, values: string[]) => boolean;

const anyOf =
  (of: (world: World, machine: Machine) => string): Test =>
  (world, machine, values) =>
    values.includes(of(world, machine));

const atLeast =
  (of: (machine: Machine) => number): Test =>
  (_world, machine, values) =>
    of(machine) >= Math.min(...values.map(Number));

const hasTags: Test = (_world, machine, values) =>
  tagNames(values).every((tag) => machine.tags.includes(tag));

const tagNames = (values: string[]) => values.flatMap((value) => value.match(/[^\s,]+/g) ?? []);

const archOf: Test = (_world, machine, values) =>
  values.some((value) => machine.architecture === value || machine.architecture.split('/')[0] === value);

/** What both allocation and the list of machines can ask for. */
const COMMON: Record<string, Test> = {
  arch: archOf,
  tags: hasTags,
  zone: anyOf((world, machine) => namesOf(world, machine).zone.name),
  pool: anyOf((world, machine) => namesOf(world, machine).pool.name),
  system_id: anyOf((_world, machine) => machine.systemId),
  owner: anyOf((_world, machine) => machine.owner ?? ''),
  power_state: anyOf((_world, machine) => machine.powerState),
  cpu_count: atLeast((machine) => machine.cpuCount),
  cpu_speed: atLeast((machine) => machine.cpuSpeed),
  mem: atLeast((machine) => machine.memory),
};

/** What is the same turned round. */
const EXCLUDES: Record<string, Test> = {
  not_arch: archOf,
  not_tags: (_world, machine, values) => tagNames(values).some((tag) => machine.tags.includes(tag)),
  not_in_zone: COMMON.zone as Test,
  not_in_pool: COMMON.pool as Test,
  not_owner: COMMON.owner as Test,
  not_power_state: COMMON.power_state as Test,
};

const statusIs: Test = (_world, machine, values) =>
  values.some((value) => STATUS[value.replace(/^=/, '').toUpperCase() as StatusName] === machine.status);

const LISTED: Record<string, Test> = {
  id: COMMON.system_id as Test,
  hostname: anyOf((_world, machine) => machine.hostname),
  mac_address: (_world, machine, values) =>
    values.some((value) => machine.nics.some((nic) => nic.mac === normalMac(value))),
  domain: anyOf((world, machine) => namesOf(world, machine).domain.name),
  agent_name: anyOf((_world, machine) => machine.agentName),
  status: statusIs,
};

const LISTED_EXCLUDES: Record<string, Test> = {
  not_id: COMMON.system_id as Test,
  not_hostname: LISTED.hostname as Test,
  not_domain: LISTED.domain as Test,
  not_agent_name: LISTED.agent_name as Test,
  not_status: statusIs,
};

/** Those that came with MAAS 3.3. */
const LATER = new Set([
  ...['not_arch', 'owner', 'not_owner', 'power_state', 'not_power_state', 'not_id', 'not_hostname'],
  ...['not_domain', 'not_agent_name', 'not_status'],
]);

/** Constraints of MAAS that the sandbox has nothing to compare with. */
const NOT_PLAYED = new Set([
  ...['storage', 'interfaces', 'devices', 'link_speed', 'fabrics', 'not_fabrics', 'fabric_classes'],
  ...[
    'not_fabric_classes',
    'subnets',
    'not_subnets',
    'vlans',
    'not_vlans',
    'simple_status',
    'not_simple_status',
  ],
  ...['deployment_target', 'not_deployment_target', 'parent', 'pod', 'not_pod', 'pod_type', 'not_pod_type'],
]);

/** A name is the host's, or with its domain. */
const named: Test = (world, machine, values) =>
  values.some((value) => value === machine.hostname || value === fqdnOf(world, machine));

/**
 * The machines that fit, as MAAS' forms of filters have it: a field given twice means either, tags mean all.
 * @throws Refused for what is no filter, or names something that is not there
 */
export function filterMachines(
  world: World,
  machines: Machine[],
  given: Filters,
  purpose: 'list' | 'allocate',
): Machine[] {
  const wanted = purpose === 'list' ? { ...COMMON, ...LISTED } : { ...COMMON, name: named };
  const unwanted = purpose === 'list' ? { ...EXCLUDES, ...LISTED_EXCLUDES } : EXCLUDES;
  check(world, given, { ...wanted, ...unwanted });
  let left = machines;
  for (const [name, values] of given) {
    const keep = wanted[name as keyof typeof wanted] as Test | undefined;
    const drop = unwanted[name as keyof typeof unwanted] as Test | undefined;
    if (keep) left = left.filter((machine) => keep(world, machine, values));
    if (drop) left = left.filter((machine) => !drop(world, machine, values));
  }
  return left;
}

function check(world: World, given: Filters, known: Record<string, Test>): void {
  const errors: Record<string, string[]> = {};
  const isLater = Number(world.traits.version.replace('.', '')) >= 33;
  for (const [name, values] of given) {
    if (NOT_PLAYED.has(name)) refuse(400, `The sandbox does not play the constraint ${name}.`);
    const there = known[name] && (isLater || !LATER.has(name));
    const problem = there ? problemOf(world, name, values) : 'No such constraint.';
    if (problem !== undefined) errors[name] = [problem];
  }
  if (Object.keys(errors).length > 0) throw new Refused(formErrors(errors));
}

function problemOf(world: World, name: string, values: string[]): string | undefined {
  const missing = (find: (value: string) => unknown) => values.filter((value) => !find(value)).toSorted();
  if (name === 'zone' || name === 'not_in_zone') {
    const unknown = missing((value) => zoneOf(world, value));
    return unknown.length > 0 ? `No such zone(s): ${unknown.join(', ')}.` : undefined;
  }
  if (name === 'pool' || name === 'not_in_pool') {
    const unknown = missing((value) => poolOf(world, value));
    return unknown.length > 0 ? `No such pool(s): ${unknown.join(', ')}.` : undefined;
  }
  if (name === 'tags') {
    const tags = world.store.state.machines.tags.map((tag) => tag.name);
    const unknown = tagNames(values).filter((tag) => !tags.includes(tag));
    return unknown.length > 0 ? `No such tag(s): ${unknown.map((tag) => `'${tag}'`).join(', ')}.` : undefined;
  }
  if (name === 'mac_address') {
    const wrong = missing(isMac)[0];
    return wrong === undefined ? undefined : `'${wrong}' is not a valid MAC address.`;
  }
  if (name.endsWith('status') || name.endsWith('power_state')) return choiceProblem(name, values);
  if (name === 'arch') {
    const arches = world.architectures.flatMap((arch) => [arch, arch.split('/')[0]]);
    return values.every((value) => arches.includes(value)) ? undefined : 'Architecture not recognised.';
  }
  if (['cpu_count', 'cpu_speed', 'mem'].includes(name) && values.some((value) => Number.isNaN(Number(value))))
    return name === 'mem'
      ? 'Invalid memory: number of MiB required.'
      : `Invalid ${name === 'cpu_count' ? 'CPU count' : 'CPU speed'}: number required.`;
  return undefined;
}

function choiceProblem(name: string, values: string[]): string | undefined {
  const choices = name.endsWith('power_state')
    ? ['on', 'off', 'unknown', 'error']
    : Object.keys(STATUS).map((key) => key.toLowerCase());
  const wrong = values.map((value) => value.replace(/^=/, '')).find((value) => !choices.includes(value));
  return wrong === undefined
    ? undefined
    : `Select a valid choice. ${wrong} is not one of the available choices.`;
}
