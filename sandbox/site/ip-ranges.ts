import { showUser } from '../account.ts';
import { json, type Reply, refuse, removed } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import {
  type Address,
  type Cidr,
  contains,
  type Interval,
  overlap,
  parseAddress,
  parseCidr,
} from './address.ts';
import { type Fields, fieldsOf, REQUIRED, wrongField } from './fields.ts';
import { nextId, type Range, type SiteState, type Subnet } from './state.ts';
import { showSubnet } from './subnets.ts';

export const rangeRoutes: Route[] = [
  {
    path: 'ipranges/',
    operations: {
      GET: {
        kind: 'ipranges',
        run: (call) =>
          json(
            200,
            call.world.store.state.site.ranges.map((range) => shown(call, range)),
          ),
      },
      POST: { kind: 'iprange-create', run: create },
    },
  },
  {
    path: 'ipranges/{id}/',
    operations: {
      GET: { kind: 'iprange-read', for: 'maas command', run: (call) => json(200, shown(call, found(call))) },
      PUT: { kind: 'iprange-update', run: update },
      DELETE: { kind: 'iprange-delete', run: remove },
    },
  },
];

function shown(call: Call, range: Range) {
  const { site } = call.world.store.state;
  const subnet = site.subnets.find(({ id }) => id === range.subnet) as Subnet;
  const { users } = call.world;
  const user = [users.admin, users.user].find(({ username }) => username === range.user);
  return {
    subnet: showSubnet(call, subnet),
    type: range.type,
    start_ip: range.start_ip,
    end_ip: range.end_ip,
    user: user ? { ...showUser(user), resource_uri: `${API}users/${user.username}/` } : null,
    comment: range.comment,
    id: range.id,
    resource_uri: `${API}ipranges/${range.id}/`,
  };
}

function found({ world, at }: Call): Range {
  return (
    world.store.state.site.ranges.find(({ id }) => String(id) === at.id) ??
    refuse(404, 'No IPRange matches the given query.')
  );
}

function ownOnly(call: Call, range: Range) {
  if (!call.user.admin && range.user !== call.user.username)
    refuse(403, "Unable to modify IP range. You don't own the IP range.");
}

async function create(call: Call): Promise<Reply> {
  const { store } = call.world;
  const { site } = store.state;
  const fields = await fieldsOf(call);
  if (fields.text('type') === 'dynamic' && !call.user.admin)
    refuse(403, "Unable to create dynamic IP range. You don't have sufficient privileges.");
  for (const name of ['type', 'start_ip', 'end_ip']) if (!fields.text(name)) fields.wrong(name, REQUIRED);
  fields.check();
  const range: Range = {
    id: -1,
    subnet: subnetOf(site, fields).id,
    type: 'reserved',
    start_ip: '',
    end_ip: '',
    comment: '',
    user: call.user.username,
  };
  fill(site, range, fields);
  range.id = nextId(site, 'range');
  site.ranges.push(range);
  await store.save();
  return json(200, shown(call, range));
}

async function update(call: Call): Promise<Reply> {
  const range = found(call);
  ownOnly(call, range);
  fill(call.world.store.state.site, range, await fieldsOf(call));
  await call.world.store.save();
  return json(200, shown(call, range));
}

/** The subnet that is named, or the smallest one that holds the start. */
function subnetOf(site: SiteState, fields: Fields): Subnet {
  const wanted = fields.text('subnet');
  const start = parseAddress(fields.text('start_ip') ?? '');
  const holding = site.subnets
    .map((subnet) => ({ subnet, cidr: parseCidr(subnet.cidr) as Cidr }))
    .filter(({ cidr }) => start && contains(cidr, start))
    .sort((a, b) => b.cidr.length - a.cidr.length);
  if (wanted === undefined) return holding[0]?.subnet ?? wrongField('subnet', REQUIRED);
  return (
    site.subnets.find(({ id, cidr }) => String(id) === wanted || cidr === wanted) ??
    wrongField('subnet', 'Select a valid choice. That choice is not one of the available choices.')
  );
}

/** MAAS' IPRange.clean, in its order. */
function fill(site: SiteState, range: Range, fields: Fields) {
  const type = fields.text('type') ?? range.type;
  if (type !== 'dynamic' && type !== 'reserved')
    wrongField('type', `Select a valid choice. ${type} is not one of the available choices.`);
  const [start, end] = (['start_ip', 'end_ip'] as const).map(
    (name) =>
      parseAddress(fields.text(name) ?? range[name]) ??
      wrongField(name, 'Enter a valid IPv4 or IPv6 address.'),
  ) as [Address, Address];
  const subnet = site.subnets.find(({ id }) => id === range.subnet) as Subnet;
  const cidr = parseCidr(subnet.cidr) as Cidr;
  checkBounds(fields, cidr, start, end);
  const wanted: Interval = { family: start.family, first: start.value, last: end.value };
  if (start.family === 6 && type === 'dynamic' && wanted.last - wanted.first < 255n)
    both(fields, 'IPv6 dynamic range must be at least 256 addresses in size.');
  if (inUse(site, subnet, range, type as Range['type']).some((used) => overlap(used, wanted)))
    both(
      fields,
      `Requested ${type} range conflicts with an existing ${type === 'reserved' ? 'range' : 'IP address or range'}.`,
    );
  Object.assign(range, {
    type,
    start_ip: start.text,
    end_ip: end.text,
    comment: fields.text('comment') ?? range.comment,
  });
}

function both(fields: Fields, message: string) {
  fields.wrong('start_ip', message);
  fields.wrong('end_ip', message);
  fields.check();
}

function checkBounds(fields: Fields, cidr: Cidr, start: Address, end: Address) {
  if (start.family !== end.family)
    both(fields, 'Start IP address and end IP address must be in the same address family.');
  if (end.value < start.value) wrongField('end_ip', 'End IP address must not be less than Start IP address.');
  const [startIn, endIn] = [contains(cidr, start), contains(cidr, end)];
  if (!startIn && !endIn) both(fields, `IP addresses must be within subnet: ${cidr.text}.`);
  if (!startIn) wrongField('start_ip', `Start IP address must be within subnet: ${cidr.text}.`);
  if (!endIn) wrongField('end_ip', `End IP address must be within subnet: ${cidr.text}.`);
  if (start.value === cidr.first)
    wrongField('start_ip', 'Reserved network address cannot be included in IP range.');
  if (cidr.family === 4 && end.value === cidr.last)
    wrongField('end_ip', 'Broadcast address cannot be included in IP range.');
}

/** The addresses that a range may not touch: other ranges, and for a dynamic one every address that somebody has. */
function inUse(site: SiteState, subnet: Subnet, range: Range, type: Range['type']): Interval[] {
  const ranges = site.ranges
    .filter((other) => other.subnet === subnet.id && other !== range)
    .map((other) => interval(other.start_ip, other.end_ip));
  if (type === 'reserved') return ranges;
  const racks = site.racks.flatMap(({ interfaces }) => interfaces.map(({ address }) => address));
  const taken = [...(subnet.gateway_ip ? [subnet.gateway_ip] : []), ...subnet.dns_servers, ...racks];
  return [...ranges, ...taken.map((address) => interval(address, address))];
}

function interval(start: string, end: string): Interval {
  const first = parseAddress(start) as Address;
  return { family: first.family, first: first.value, last: (parseAddress(end) as Address).value };
}

async function remove(call: Call): Promise<Reply> {
  const { store } = call.world;
  const range = found(call);
  ownOnly(call, range);
  store.state.site.ranges = store.state.site.ranges.filter((other) => other !== range);
  await store.save();
  return removed();
}
