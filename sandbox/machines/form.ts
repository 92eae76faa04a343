import type { SandboxContext } from '../context.ts';
import { conflict, ReplyError } from '../reply.ts';
import { type Fields, REQUIRED } from '../site/fields.ts';
import { hardwareOf, type MachineDescription, petname, systemIdOf } from './hardware.ts';
import { defaultDomain, domainOf, poolOf, zoneOf } from './place.ts';
import { cleanPower, ownerOfBmc, type PowerParameters } from './power-form.ts';
import type { Machine } from './state.ts';
import { STATUS } from './status.ts';

const MAC = /^([0-9a-f]{1,2}[:-]){5}[0-9a-f]{1,2}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$|^[0-9a-f]{12}$/i;
const NO_CHOICE = 'Select a valid choice. That choice is not one of the available choices.';

export const isMac = (text: string): boolean => MAC.test(text);

/** As MAAS keeps a MAC: lower case, colons. */
export const normalMac = (text: string): string =>
  (text.toLowerCase().includes(':') || text.includes('-')
    ? text
        .toLowerCase()
        .split(/[:-]/)
        .map((byte) => byte.padStart(2, '0'))
    : (text.toLowerCase().replaceAll('.', '').match(/../g) ?? [])
  ).join(':');

interface Clean {
  hostname: string | undefined;
  domain: number | undefined;
  description: string | undefined;
  architecture: string | undefined;
  minHweKernel: string | undefined;
  zone: number | undefined;
  pool: number | undefined;
  cpuCount: number | undefined;
  memory: number | undefined;
  swapSize: number | undefined;
  power: { type: string; parameters: PowerParameters } | undefined;
}

/** The fields that adding and changing a machine have in common; problems stay in `fields`. */
function clean(world: SandboxContext, fields: Fields, names: string[], known: Machine | undefined): Clean {
  return {
    ...cleanName(world, fields, known),
    description: fields.text('description'),
    architecture: cleanArchitecture(world, fields),
    minHweKernel: cleanKernel(fields),
    zone: chosen(fields, 'zone', (name) => zoneOf(world, name)),
    pool: chosen(fields, 'pool', (name) => poolOf(world, name)),
    cpuCount: fields.number('cpu_count', 0, 2 ** 31 - 1),
    memory: fields.number('memory', 0, 2 ** 31 - 1),
    swapSize: cleanSize(fields),
    power: cleanPower(world, fields, names, known),
  };
}

function chosen(
  fields: Fields,
  field: string,
  find: (name: string) => { id: number } | undefined,
): number | undefined {
  const name = fields.text(field);
  if (!name) return undefined;
  const one = find(name);
  return one ? one.id : fields.wrong(field, NO_CHOICE);
}

function cleanName(world: SandboxContext, fields: Fields, known: Machine | undefined) {
  const wanted = fields.text('domain');
  let domain = wanted ? domainOf(world, wanted)?.id : undefined;
  if (wanted && domain === undefined) fields.wrong('domain', `Unable to find domain ${wanted}`);
  let hostname = fields.text('hostname')?.toLowerCase() || undefined;
  const dot = hostname?.indexOf('.') ?? -1;
  if (hostname && dot >= 0) {
    const found = domainOf(world, hostname.slice(dot + 1));
    if (found) domain = found.id;
    else fields.wrong('hostname', 'Nonexistant domain.');
    hostname = hostname.slice(0, dot);
  }
  if (hostname && !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(hostname))
    fields.wrong(
      'hostname',
      `Invalid hostname: Label cannot start or end with hyphen or contain disallowed characters: ${hostname}.`,
    );
  const all = world.store.state.machines.machines;
  if (hostname && all.some((other) => other !== known && other.hostname === hostname))
    fields.wrong('hostname', 'Node with this Hostname already exists.');
  return { hostname, domain };
}

/** "amd64" is "amd64/generic". */
function cleanArchitecture(world: SandboxContext, fields: Fields): string | undefined {
  const given = fields.text('architecture');
  if (!given) return undefined;
  const whole = given.includes('/') ? given : `${given}/${fields.text('subarchitecture') || 'generic'}`;
  if (world.architectures.includes(whole)) return whole;
  const choices = world.architectures.length > 0 ? world.architectures : [''];
  const list = choices.map((choice) => `'${choice}'`).join(', ');
  return fields.wrong(
    'architecture',
    `'${whole}' is not a valid architecture.  It should be one of: ${list}.`,
  );
}

function cleanKernel(fields: Fields): string | undefined {
  const kernel = fields.text('min_hwe_kernel');
  if (kernel && !/(hwe|ga)-.+/.test(kernel))
    return fields.wrong('min_hwe_kernel', 'min_hwe_kernel must start with "hwe-" or "ga-"');
  return kernel;
}

const UNITS: Record<string, number> = { K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

function cleanSize(fields: Fields): number | undefined {
  const text = fields.text('swap_size');
  if (!text) return undefined;
  const [, number, unit = ''] = /^(\d+)([KMGT]?)$/.exec(text) ?? [];
  if (number === undefined) return fields.wrong('swap_size', `Invalid size for swap: ${text}`);
  return Number(number) * (UNITS[unit] ?? 1);
}

/** Changes a machine. @throws Refused with every wrong field */
export function updateMachine(
  world: SandboxContext,
  machine: Machine,
  fields: Fields,
  names: string[],
): void {
  const given = clean(world, fields, names, machine);
  fields.check();
  needOwnBmc(world, given, machine);
  assign(machine, given);
  world.store.machinesChanged();
}

function needOwnBmc(world: SandboxContext, { power }: Clean, known: Machine | undefined): void {
  if (power && ownerOfBmc(world, power, known)) throw new ReplyError(conflict());
}

/** Adds a machine that somebody described; it is New. @throws Refused with every wrong field */
export function createMachine(world: SandboxContext, fields: Fields, names: string[]): Machine {
  const given = clean(world, fields, names, undefined);
  const needed = given.power?.type !== 'ipmi' && fields.text('power_type') !== 'ipmi';
  const macs = cleanMacs(world, fields, needed);
  if (needed && !fields.text('architecture')) fields.wrong('architecture', REQUIRED);
  fields.check();
  needOwnBmc(world, given, undefined);
  const machine = addMachine(world, { macs: macs.length > 0 ? macs : [] });
  assign(machine, given);
  return machine;
}

function cleanMacs(world: SandboxContext, fields: Fields, required: boolean): string[] {
  const given = (fields.list('mac_addresses') ?? []).filter((mac) => mac !== '');
  if (given.length === 0 && required) fields.wrong('mac_addresses', REQUIRED);
  const errors = given.flatMap((mac) => {
    if (!isMac(mac)) return [`'${mac}' is not a valid MAC address.`];
    const other = ownerOfMac(world, normalMac(mac));
    return other ? [`MAC address ${normalMac(mac)} already in use on ${other.hostname}.`] : [];
  });
  if (errors.length > 0)
    fields.wrong(
      'mac_addresses',
      given.length > 1
        ? `One or more MAC addresses is invalid. (${errors.join(' \u2014 ')})`
        : (errors[0] as string),
    );
  return given.map(normalMac);
}

export const ownerOfMac = (world: SandboxContext, mac: string): Machine | undefined =>
  world.store.state.machines.machines.find((machine) => machine.nics.some((nic) => nic.mac === mac));

function assign(machine: Machine, given: Clean): void {
  const { power, ...plain } = given;
  for (const [name, value] of Object.entries(plain))
    if (value !== undefined) Object.assign(machine, { [name]: value });
  if (!power) return;
  if (power.type === 'manual') machine.powerState = 'unknown';
  else if (machine.powerState === 'unknown') machine.powerState = machine.powered ? 'on' : 'off';
  machine.powerType = power.type;
  machine.powerParameters = power.parameters;
}

/** A machine as MAAS first knows it. */
export function addMachine(world: SandboxContext, described: MachineDescription): Machine {
  const { machines } = world.store.state;
  const id = machines.next.machine++;
  const hardware = hardwareOf(id, described);
  const machine: Machine = {
    id,
    systemId: systemIdOf(id),
    hostname: described.hostname ?? petname(id),
    domain: defaultDomain(world),
    zone: world.store.state.site.zones[0]?.id ?? 1,
    pool: world.store.state.site.pools[0]?.id ?? 0,
    description: '',
    architecture: described.architecture ?? world.architectures[0] ?? 'amd64/generic',
    minHweKernel: '',
    hweKernel: null,
    status: STATUS.NEW,
    previousStatus: STATUS.NEW,
    errorDescription: '',
    owner: null,
    agentName: '',
    locked: false,
    netboot: true,
    tags: [],
    powerType: '',
    powerParameters: {},
    powerState: 'unknown',
    powered: false,
    osystem: '',
    distroSeries: '',
    ephemeralDeploy: false,
    swapSize: null,
    cpuCount: 0,
    cpuSpeed: 0,
    memory: 0,
    nics: hardware.nics.map((nic, index) => ({
      id: machines.next.part++,
      name: `eth${index}`,
      mac: nic.mac,
    })),
    disks: [],
    layout: null,
    biosBootMethod: null,
    hardwareInfo: {},
    hardware,
    commissioningSet: null,
    installationSet: null,
    testingSet: null,
    releaseSet: null,
    run: null,
    deployments: 0,
    userData: '',
    address: null,
    guestPort: null,
    resource: null,
    statusMessage: null,
    statusAction: null,
  };
  machines.machines.push(machine);
  world.store.machinesChanged();
  return machine;
}
