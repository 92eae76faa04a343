import type { SandboxContext } from '../context.ts';
import { formErrors, ReplyError, refuse } from '../reply.ts';
import { isMac, normalMac } from './form.ts';
import { fqdnOf, namesOf, network, poolOf, zoneOf } from './place.ts';
import type { Machine } from './state.ts';
import { STATUS, type StatusName, shownStatus } from './status.ts';

/** A form's or query's fields, each with all its values. */
export type Filters = Map<string, string[]>;

type Test = (world: SandboxContext, machine: Machine, values: string[]) => boolean;

const anyOf =
  (of: (world: SandboxContext, machine: Machine) => string): Test =>
  (world, machine, values) =>
    values.includes(of(world, machine));

const atLeast =
  (of: (machine: Machine) => number): Test =>
  (_world, machine, values) =>
    of(machine) >= Math.min(...values.map(Number));

/** A network by its id, its name, or with MAAS' prefixes of both. */
const isNamed = (wanted: string, one: { id: number; name: string | null } | undefined): boolean =>
  one !== undefined && [String(one.id), one.name].includes(wanted.replace(/^(id|name):/, ''));

const inFabric: Test = (world, _machine, values) => {
  const { fabrics } = world.store.state.site;
  return values.some((value) =>
    isNamed(
      value,
      fabrics.find(({ id }) => id === network(world).vlan?.fabric),
    ),
  );
};

const inVlan: Test = (world, _machine, values) => {
  const { vlan } = network(world);
  return values.some((value) => isNamed(value, vlan) || value.replace(/^vid:/, '') === String(vlan?.vid));
};

const inSubnet: Test = (world, _machine, values) => {
  const { subnet } = network(world);
  return values.some((value) => isNamed(value, subnet) || value.replace(/^cidr:/, '') === subnet?.cidr);
};

/** Of statuses in groups; those of a group are what the web page shows under one name. */
const simpleStatusIs: Test = (_world, machine, values) =>
  values.some((value) => (SIMPLE[value] ?? []).includes(shownStatus(machine.status)));

const SIMPLE: Record<string, string[]> = {
  new: ['New'],
  commissioning: ['Commissioning'],
  testing: ['Testing'],
  ready: ['Ready'],
  allocated: ['Allocated'],
  deployed: ['Deployed'],
  deploying: ['Deploying'],
  releasing: ['Releasing', 'Disk erasing'],
  rescue_mode: ['Rescue mode', 'Entering rescue mode', 'Exiting rescue mode'],
  broken: ['Broken'],
  failed: [
    ...['Failed commissioning', 'Failed deployment', 'Releasing failed', 'Failed disk erasing'],
    ...['Failed to enter rescue mode', 'Failed to exit rescue mode', 'Failed testing'],
  ],
  other: ['Missing', 'Reserved', 'Retired'],
};

const targetIs: Test = (_world, machine, values) =>
  values.includes(machine.ephemeralDeploy ? 'memory' : 'disk');

/** Of what no machine of the sandbox has: a link speed, a VM host. */
const never: Test = () => false;

const hasTags: Test = (_world, machine, values) =>
  tagNames(values).every((tag) => machine.tags.includes(tag));

const tagNames = (values: string[]) => values.flatMap((value) => value.match(/[^\s,]+/g) ?? []);

const archOf: Test = (_world, machine, values) =>
  values.some((value) => machine.architecture === value || machine.architecture.split('/')[0] === value);

/** Filters of both allocation and the list of machines. */
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
  fabrics: inFabric,
  vlans: inVlan,
  subnets: inSubnet,
  deployment_target: targetIs,
  fabric_classes: never,
  pod: never,
  pod_type: never,
  link_speed: never,
};

/** Filters that negate others. */
const EXCLUDES: Record<string, Test> = {
  not_arch: archOf,
  not_tags: (_world, machine, values) => tagNames(values).some((tag) => machine.tags.includes(tag)),
  not_in_zone: COMMON.zone as Test,
  not_in_pool: COMMON.pool as Test,
  not_owner: COMMON.owner as Test,
  not_power_state: COMMON.power_state as Test,
  not_fabrics: inFabric,
  not_vlans: inVlan,
  not_subnets: inSubnet,
  not_deployment_target: targetIs,
  not_fabric_classes: never,
  not_pod: never,
  not_pod_type: never,
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
  simple_status: simpleStatusIs,
};

const LISTED_EXCLUDES: Record<string, Test> = {
  not_id: COMMON.system_id as Test,
  not_hostname: LISTED.hostname as Test,
  not_domain: LISTED.domain as Test,
  not_agent_name: LISTED.agent_name as Test,
  not_status: statusIs,
  not_simple_status: simpleStatusIs,
};

/** Those that not every version has, with the first that has them and the last. */
const SINCE = new Map<string, [number, number?]>([
  ...['not_arch', 'owner', 'not_owner', 'power_state', 'not_power_state', 'not_id', 'not_hostname'].map(
    (name): [string, [number]] => [name, [33]],
  ),
  ...['not_domain', 'not_agent_name', 'not_status', 'simple_status', 'not_simple_status', 'devices'].map(
    (name): [string, [number]] => [name, [33]],
  ),
  ...['deployment_target', 'not_deployment_target'].map((name): [string, [number]] => [name, [35]]),
  ...['pod', 'not_pod', 'pod_type', 'not_pod_type'].map((name): [string, [number, number]] => [
    name,
    [28, 37],
  ]),
]);

/** Constraints of MAAS that the sandbox has nothing to compare with. */
const NOT_PLAYED = new Set(['storage', 'interfaces', 'devices']);

/** A name is the host's, or with its domain. */
const named: Test = (world, machine, values) =>
  values.some((value) => value === machine.hostname || value === fqdnOf(world, machine));

/**
 * The machines that fit, as MAAS' forms of filters have it: a field given twice means either, tags mean all.
 * @throws Refused for a parameter that is not a filter, or names something that is not there
 */
export function filterMachines(
  world: SandboxContext,
  machines: Machine[],
  given: Filters,
  purpose: 'list' | 'allocate',
): Machine[] {
  const wanted = purpose === 'list' ? { ...COMMON, ...LISTED } : { ...COMMON, name: named };
  const unwanted = purpose === 'list' ? { ...EXCLUDES, ...LISTED_EXCLUDES } : EXCLUDES;
  check(world, given, { ...wanted, ...unwanted });
  let left = machines;
  for (const [name, values] of given) {
    const keep = testOf(wanted, name);
    const drop = testOf(unwanted, name);
    if (keep) left = left.filter((machine) => keep(world, machine, values));
    if (drop) left = left.filter((machine) => !drop(world, machine, values));
  }
  return left;
}

const testOf = (tests: Record<string, Test>, name: string): Test | undefined =>
  Object.hasOwn(tests, name) ? tests[name] : undefined;

function check(world: SandboxContext, given: Filters, known: Record<string, Test>): void {
  const errors: Record<string, string[]> = Object.create(null);
  const minor = Number(world.traits.version.replace('.', ''));
  for (const [name, values] of given) {
    if (NOT_PLAYED.has(name)) refuse(400, `The sandbox does not play the constraint ${name}.`);
    const [since, until = minor] = SINCE.get(name) ?? [0];
    const there = Object.hasOwn(known, name) && since <= minor && minor <= until;
    const problem = there ? problemOf(world, name, values) : 'No such constraint.';
    if (problem !== undefined) errors[name] = [problem];
  }
  if (Object.keys(errors).length > 0) throw new ReplyError(formErrors(errors));
}

function problemOf(world: SandboxContext, name: string, values: string[]): string | undefined {
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
  if (CHOICES.some(([end]) => name.endsWith(end))) return choiceProblem(name, values);
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

/** The types of fields by the ends of their names; the longest ends first. */
const CHOICES: [string, string[]][] = [
  ['simple_status', Object.keys(SIMPLE)],
  ['deployment_target', ['memory', 'disk']],
  ['power_state', ['on', 'off', 'unknown', 'error']],
  ['status', Object.keys(STATUS).map((key) => key.toLowerCase())],
];

function choiceProblem(name: string, values: string[]): string | undefined {
  const [, choices] = CHOICES.find(([end]) => name.endsWith(end)) as [string, string[]];
  const wrong = values.map((value) => value.replace(/^=/, '')).find((value) => !choices.includes(value));
  return wrong === undefined
    ? undefined
    : `Select a valid choice. ${wrong} is not one of the available choices.`;
}
