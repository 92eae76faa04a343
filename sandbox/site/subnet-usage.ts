import type { SandboxContext } from '../context.ts';
import { json, type Reply } from '../reply.ts';
import type { Call } from '../route.ts';
import { type Address, addressText, type Cidr, parseAddress, parseCidr } from './address.ts';
import type { Subnet } from './state.ts';

/** A stretch of addresses and what it is for; those for nothing are free. */
interface AddressSpan {
  first: bigint;
  last: bigint;
  purpose: string[];
}

/** How full a subnet is. Suggestions are not among it: MAAS sends them only when it is asked to. */
export function statistics({ world, url }: Call, subnet: Subnet): Reply {
  const all = addressSpans(world, subnet);
  const free = all.filter(({ purpose }) => purpose.length === 0);
  const [available, total] = [count(free), count(all)];
  const unavailable = total - available;
  const largest = free.map((one) => count([one])).reduce((most, one) => (one > most ? one : most), 0n);
  const part = total === 0n ? 0 : Number(unavailable) / Number(total);
  const percent = (value: number) => `${Math.round(value * 100)}%`;
  return json(200, {
    num_available: Number(available),
    largest_available: Number(largest),
    num_unavailable: Number(unavailable),
    total_addresses: Number(total),
    usage: part,
    usage_string: percent(part),
    available_string: percent(1 - part),
    ...addressesOf(subnet),
    ...(/^(1|true)$/i.test(url.searchParams.get('include_ranges') ?? '')
      ? { ranges: all.map((one) => shown(subnet, one, 'unused')) }
      : {}),
  });
}

/** What is taken, by MAAS or by hand. */
export function reserved({ world }: Call, subnet: Subnet): Reply {
  const taken = addressSpans(world, subnet).filter(({ purpose }) => purpose.length > 0);
  return json(
    200,
    taken.map((one) => shown(subnet, one)),
  );
}

/** What is free. */
export function unreserved({ world }: Call, subnet: Subnet): Reply {
  const free = addressSpans(world, subnet).filter(({ purpose }) => purpose.length === 0);
  return json(
    200,
    free.map(({ first, last }) => {
      const { purpose: _, ...one } = shown(subnet, { first, last, purpose: [] });
      return one;
    }),
  );
}

/** Addresses that machines and racks have there. */
export function addresses({ world }: Call, subnet: Subnet): Reply {
  return json(
    200,
    holders(world, subnet).map(({ ip, type, user, node }) => ({
      ip,
      alloc_type: type,
      alloc_type_name: type === 0 ? 'Automatic' : 'Sticky',
      created: null,
      updated: null,
      ...(user ? { user } : {}),
      node_summary: node,
    })),
  );
}

function holders(world: SandboxContext, subnet: Subnet) {
  const cidr = parseCidr(subnet.cidr) as Cidr;
  const { site, machines } = world.store.state;
  const inside = (text: string) => {
    const address = parseAddress(text);
    return address?.family === cidr.family && address.value >= cidr.first && address.value <= cidr.last;
  };
  const ofRacks = site.racks.flatMap((rack) =>
    rack.interfaces.map(({ address, name }) => ({
      ip: address,
      type: 1,
      user: undefined,
      node: {
        system_id: rack.system_id,
        node_type: 4,
        fqdn: rack.hostname,
        hostname: rack.hostname,
        via: name,
      },
    })),
  );
  const ofMachines = machines.machines.map((machine) => ({
    ip: machine.address ?? '',
    type: 0,
    user: machine.owner ?? undefined,
    node: {
      system_id: machine.systemId,
      node_type: 0,
      fqdn: machine.hostname,
      hostname: machine.hostname,
      via: machine.nics[0]?.name ?? '',
    },
  }));
  return [...ofRacks, ...ofMachines].filter(({ ip }) => inside(ip));
}

/** The network's own address and, of IPv4, that of everybody are not counted. */
function bounds(subnet: Subnet): { first: bigint; last: bigint } {
  const { first, last, family, length } = parseCidr(subnet.cidr) as Cidr;
  const small = length >= (family === 4 ? 31 : 127);
  return small ? { first, last } : { first: first + 1n, last: family === 4 ? last - 1n : last };
}

function addressesOf(subnet: Subnet) {
  const { family } = parseCidr(subnet.cidr) as Cidr;
  const { first, last } = bounds(subnet);
  return {
    first_address: addressText(family, first),
    last_address: addressText(family, last),
    ip_version: family,
  };
}

/** The whole subnet, cut where what it is used for changes. */
function addressSpans(world: SandboxContext, subnet: Subnet): AddressSpan[] {
  const all = bounds(subnet);
  const one = (text: string, purpose: string) => {
    const value = (parseAddress(text) as Address).value;
    return { first: value, last: value, purpose };
  };
  const uses = [
    ...world.store.state.site.ranges
      .filter((range) => range.subnet === subnet.id)
      .map((range) => ({
        first: (parseAddress(range.start_ip) as Address).value,
        last: (parseAddress(range.end_ip) as Address).value,
        purpose: range.type as string,
      })),
    ...(subnet.gateway_ip ? [one(subnet.gateway_ip, 'gateway-ip')] : []),
    ...subnet.dns_servers.map((server) => one(server, 'dns-server')),
    ...holders(world, subnet).map(({ ip }) => one(ip, 'assigned-ip')),
  ].filter(({ first, last }) => first >= all.first && last <= all.last);
  const cuts = [all.first, all.last + 1n, ...uses.flatMap(({ first, last }) => [first, last + 1n])];
  const edges = [...new Set(cuts)].sort((a, b) => (a < b ? -1 : 1));
  return edges.slice(0, -1).map((first, index) => ({
    first,
    last: (edges[index + 1] as bigint) - 1n,
    purpose: [
      ...new Set(uses.filter((use) => use.first <= first && first <= use.last).map(({ purpose }) => purpose)),
    ].sort(),
  }));
}

const count = (all: AddressSpan[]): bigint =>
  all.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);

function shown(subnet: Subnet, { first, last, purpose }: AddressSpan, free?: string) {
  const { family } = parseCidr(subnet.cidr) as Cidr;
  return {
    start: addressText(family, first),
    end: addressText(family, last),
    num_addresses: Number(last - first + 1n),
    purpose: purpose.length === 0 && free ? [free] : purpose,
  };
}
