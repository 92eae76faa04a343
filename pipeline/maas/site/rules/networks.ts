import { type Path, type Problem, quoted } from '../../../config/yaml/problem.ts';
import {
  type Address,
  type Cidr,
  contains,
  type Interval,
  overlap,
  parseAddress,
  parseCidr,
} from '../address.ts';
import type { RawRange, RawSite, RawSubnet } from '../raw-site.ts';
import { type SiteRule, twice, wrong } from './rule.ts';

/** A subnet whose network could be read. */
interface Network {
  subnet: RawSubnet;
  cidr: Cidr;
  path: Path;
}

/** A range whose addresses could be read and are in order. */
export interface Span extends Interval {
  range: RawRange;
  path: Path;
}

function networks(site: RawSite): Network[] {
  return (site.subnets ?? []).flatMap((subnet, index) => {
    const cidr = parseCidr(subnet.cidr);
    return cidr ? [{ subnet, cidr, path: ['subnets', index] }] : [];
  });
}

/** Addresses of a subnet in text, each with its place. */
function addressesOf({ subnet, path }: Network): { text: string; at: Path }[] {
  return [
    ...(subnet.gateway !== undefined && subnet.gateway !== 'none'
      ? [{ text: subnet.gateway, at: [...path, 'gateway'] }]
      : []),
    ...(subnet.dns_servers ?? []).map((text, index) => ({ text, at: [...path, 'dns_servers', index] })),
    ...(subnet.ranges ?? []).flatMap(({ start, end }, index) => [
      { text: start, at: [...path, 'ranges', index, 'start'] },
      { text: end, at: [...path, 'ranges', index, 'end'] },
    ]),
  ];
}

function spans({ subnet, path }: Network): Span[] {
  return (subnet.ranges ?? []).flatMap((range, index) => {
    const [start, end] = [parseAddress(range.start), parseAddress(range.end)];
    if (!start || !end || start.family !== end.family || end.value < start.value) return [];
    return [
      { range, path: [...path, 'ranges', index], family: start.family, first: start.value, last: end.value },
    ];
  });
}

export const networksAreValid: SiteRule = (site) =>
  (site.subnets ?? []).flatMap(({ cidr }, index) => {
    const path = ['subnets', index, 'cidr'];
    const network = parseCidr(cidr);
    if (!network)
      return [wrong(path, `${quoted(cidr)} is not a network`, 'network/length, such as 192.168.1.0/24')];
    if (network.length === 0)
      return [wrong(path, `${quoted(cidr)} is the whole Internet`, 'a length of 1 or more')];
    if (parseAddress(cidr.split('/')[0] ?? '')?.value !== network.first)
      return [
        wrong(path, `${quoted(cidr)} is an address in a network, not a network`, network.text, network.text),
      ];
    return [];
  });

/** Newer MAAS refuse this, older ones give out one address twice. */
export const networksDoNotOverlap: SiteRule = (site) => {
  const all = networks(site);
  const same = twice(site.subnets, ['subnets'], 'cidr', ({ cidr }) => parseCidr(cidr)?.text ?? cidr);
  const crossing = all.flatMap((one, index) => {
    const other = all
      .slice(0, index)
      .find(({ cidr }) => cidr.text !== one.cidr.text && overlap(cidr, one.cidr));
    return other
      ? [
          wrong(
            [...one.path, 'cidr'],
            `${one.cidr.text} overlaps with ${other.cidr.text} (${other.path.join('[')}])`,
          ),
        ]
      : [];
  });
  return [...same, ...crossing];
};

export const addressesAreValid: SiteRule = (site) =>
  (site.subnets ?? []).flatMap((subnet, index) =>
    addressesOf({ subnet, path: ['subnets', index], cidr: undefined as never }).flatMap(({ text, at }) =>
      parseAddress(text)
        ? []
        : [
            wrong(
              at,
              `${quoted(text)} is not an address`,
              at.at(-1) === 'gateway' ? 'an address of the subnet, or none' : 'an IPv4 or IPv6 address',
            ),
          ],
    ),
  );

export const gatewaysLieInTheirSubnet: SiteRule = (site) =>
  networks(site).flatMap(({ subnet, cidr, path }) => {
    const gateway = parseAddress(subnet.gateway ?? '');
    if (!gateway || contains(cidr, gateway) || isLinkLocal(gateway)) return [];
    return [
      wrong(
        [...path, 'gateway'],
        `${gateway.text} is not in ${cidr.text}`,
        `an address of ${cidr.text}, or none`,
      ),
    ];
  });

const isLinkLocal = ({ family, value }: Address) => family === 6 && value >> 118n === 0x3fan;

export const rangesLieInTheirSubnet: SiteRule = (site) =>
  networks(site).flatMap(({ subnet, cidr, path }) =>
    (subnet.ranges ?? []).flatMap((range, index): Problem[] => {
      const at = [...path, 'ranges', index];
      const [start, end] = [parseAddress(range.start), parseAddress(range.end)];
      if (!start || !end) return [];
      const inside = `addresses of ${cidr.text}`;
      if (start.family === end.family && end.value < start.value)
        return [
          wrong([...at, 'end'], `${end.text} comes before ${start.text}`, `${start.text} or a later address`),
        ];
      for (const [key, address] of [
        ['start', start],
        ['end', end],
      ] as const)
        if (!contains(cidr, address))
          return [wrong([...at, key], `${address.text} is not in ${cidr.text}`, inside)];
      if (start.value === cidr.first)
        return [wrong([...at, 'start'], `${start.text} is the address of the network itself`, inside)];
      if (cidr.family === 4 && end.value === cidr.last)
        return [wrong([...at, 'end'], `${end.text} is the broadcast address`, inside)];
      if (cidr.family === 6 && range.type === 'dynamic' && end.value - start.value < 255n)
        return [wrong([...at, 'end'], 'a dynamic IPv6 range has 256 addresses or more', 'a later address')];
      return [];
    }),
  );

export const rangesDoNotOverlap: SiteRule = (site) =>
  networks(site).flatMap((network) => {
    const all = spans(network);
    return all.flatMap((one, index) => {
      const other = all.slice(0, index).find((earlier) => overlap(earlier, one));
      return other
        ? [
            wrong(
              [...one.path, 'start'],
              `${one.range.start}-${one.range.end} overlaps with the ${other.range.type} range ${other.range.start}-${other.range.end}`,
              'ranges that share no address',
            ),
          ]
        : [];
    });
  });

/** MAAS would give the address of the router or of a DNS server to a machine. */
export const dynamicRangesHoldNoServers: SiteRule = (site) =>
  networks(site).flatMap((network) => {
    const dynamic = spans(network).filter(({ range }) => range.type === 'dynamic');
    return addressesOf(network)
      .filter(({ at }) => at.includes('gateway') || at.includes('dns_servers'))
      .flatMap(({ text, at }) => {
        const address = parseAddress(text);
        const holding = address && dynamic.find((span) => contains(span, address));
        return holding
          ? [
              wrong(
                at,
                `${text} is inside the dynamic range ${holding.range.start}-${holding.range.end}`,
                'an address outside of dynamic ranges',
              ),
            ]
          : [];
      });
  });

/** A VID says nothing without the fabric in which it is. */
export const vlansNameTheirFabric: SiteRule = (site) =>
  (site.subnets ?? []).flatMap((subnet, index): Problem[] =>
    subnet.vlan !== undefined && subnet.fabric === undefined
      ? [wrong(['subnets', index, 'vlan'], 'of which fabric?', 'fabric: NAME')]
      : [],
  );
