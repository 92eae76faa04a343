import { json, type Reply, refuse } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { LEVELS, levelOf, shownType } from './event-types.ts';
import { isMac, normalMac } from './form.ts';
import { namesOf } from './place.ts';
import type { Machine, MachineEvent } from './state.ts';
import { visible } from './visible.ts';

export const eventRoutes: Route[] = [
  {
    path: 'events/',
    operations: { 'GET query': { kind: 'events', run: query } },
  },
];

const MOST = 1000;
const USUAL = 100;
/** Parameters that the links to the next and the previous page keep. */
const CARRIED = [
  'agent_name',
  'domain',
  'hostname',
  'id',
  'level',
  'limit',
  'mac_address',
  'op',
  'zone',
  'owner',
];

/** events/?op=query: the newest first, a page at a time. */
function query(call: Call): Reply {
  const { url, world } = call;
  const query = url.searchParams;
  const [after, before] = [whole(query, 'after'), whole(query, 'before')];
  const level = query.get('level') ?? 'INFO';
  const wanted = whole(query, 'limit') ?? USUAL;
  if (wanted > MOST) refuse(400, `Requested number of events ${wanted} is greater than limit: ${MOST}`);
  const limit = Math.max(1, wanted);
  const machines = new Map(filteredMachines(call).map((machine) => [machine.systemId, machine]));
  if (!Object.hasOwn(LEVELS, level)) refuse(400, `Unrecognised log level: ${level}`);
  if (after !== undefined && before !== undefined)
    refuse(400, 'There is undetermined behaviour when both `after` and `before` are specified.');
  const owner = query.get('owner');
  const fits = (event: MachineEvent) =>
    machines.has(event.systemId) &&
    (level === 'AUDIT'
      ? levelOf(event.type) === 'AUDIT'
      : (LEVELS[levelOf(event.type)] as number) >= (LEVELS[level] as number)) &&
    (owner === null || event.user === owner);
  const events = page(world.store.state.machines.events, fits, { after, before, limit });
  return json(200, {
    count: events.length,
    events: events.map((event) => showEvent(event, machines.get(event.systemId))),
    next_uri: link(query, 'after', events[0]?.id ?? (before === undefined ? undefined : before - 1)),
    prev_uri:
      events.length === 0 && after === undefined
        ? null
        : link(query, 'before', events.at(-1)?.id ?? (after as number) + 1),
  });
}

function page(
  all: MachineEvent[],
  fits: (event: MachineEvent) => boolean,
  { after, before, limit }: { after: number | undefined; before: number | undefined; limit: number },
): MachineEvent[] {
  const found: MachineEvent[] = [];
  if (after !== undefined) {
    for (const event of all) {
      if (found.length === limit) break;
      if (event.id > after && fits(event)) found.push(event);
    }
    return found.reverse();
  }
  for (let index = all.length - 1; index >= 0 && found.length < limit; index--) {
    const event = all[index] as MachineEvent;
    if ((before === undefined || event.id < before) && fits(event)) found.push(event);
  }
  return found;
}

function whole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  return /^-?\d+$/.test(text) ? Number(text) : refuse(400, `Invalid ${name}: Please enter an integer value`);
}

function filteredMachines(call: Call): Machine[] {
  const { world, url } = call;
  const every = (name: string) => url.searchParams.getAll(name);
  const macs = every('mac_address');
  const wrong = macs.filter((mac) => !isMac(mac));
  if (wrong.length > 0) refuse(400, `Invalid MAC address(es): ${wrong.join(', ')}`);
  const any = (values: string[], value: string) => values.length === 0 || values.includes(value);
  const normal = macs.map(normalMac);
  return visible(call).filter((machine) => {
    const { domain, zone, pool } = namesOf(world, machine);
    return (
      any(every('id'), machine.systemId) &&
      any(every('hostname'), machine.hostname) &&
      any(every('domain'), domain.name) &&
      any(every('zone'), zone.name) &&
      any(every('pool'), pool.name) &&
      any(every('agent_name'), machine.agentName) &&
      (macs.length === 0 || machine.nics.some((nic) => normal.includes(nic.mac)))
    );
  });
}

const two = (value: number) => String(value).padStart(2, '0');
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** MAAS' own format: "Fri, 07 Dec. 2018 20:11:08", without a zone and in UTC. */
function created(at: number): string {
  const date = new Date(at);
  const day = `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]}. ${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

function showEvent(event: MachineEvent, machine: Machine | undefined) {
  return {
    username: event.user || 'unknown',
    node: event.systemId,
    hostname: machine?.hostname ?? '',
    id: event.id,
    level: levelOf(event.type),
    created: created(event.at),
    type: shownType(event.type),
    description: event.description,
  };
}

/** Of a parameter given twice MAAS carries on the last value only, and of a page without events not its place. */
function link(query: URLSearchParams, name: 'after' | 'before', id: number | undefined): string {
  const carried = new URLSearchParams();
  for (const [key, value] of query) if (CARRIED.includes(key)) carried.set(key, value);
  if (id !== undefined) carried.set(name, String(id));
  return `${API}events/?${carried}`;
}
