import { overlap } from '../address.ts';
import type { Comparison } from '../change.ts';
import { wrong } from '../rules/rule.ts';
import { vlanName } from './fabrics.ts';
import { interval } from './ranges.ts';

/** A subnet as it will be: its VLAN, and whether DHCP has addresses to give in it. */
interface FutureSubnet {
  cidr: string;
  vlan: { fabric: string; vid: number };
  dynamic: boolean;
}

/**
 * Notes a problem for each VLAN whose DHCP stays on while its last dynamic range is deleted: DHCP would give nothing, and MAAS
 * would refuse whatever is changed of that VLAN.
 * @param isSpoken whether the file sets the DHCP of a VLAN
 */
export function checkDhcpKeepsRanges(
  { site, current, problems }: Comparison,
  isSpoken: (vlan: { fabric: string; vid: number }) => boolean,
): void {
  const after = futureSubnets({ site, current, problems });
  const on = current.fabrics.flatMap(({ vlans }) => vlans).filter((vlan) => vlan.dhcpOn && !isSpoken(vlan));
  for (const { fabric, vid } of on) {
    const inside = ({ vlan }: Pick<FutureSubnet, 'vlan'>) => vlan.fabric === fabric && vlan.vid === vid;
    const before = current.subnets.filter(inside);
    const had = before.filter(({ cidr }) =>
      current.ranges.some((range) => range.cidr === cidr && range.type === 'dynamic'),
    );
    if (had.length === 0 || after.some((subnet) => inside(subnet) && subnet.dynamic)) continue;
    const written = site.subnets?.find(({ cidr }) => had.some((subnet) => subnet.cidr === cidr));
    problems.push(
      wrong(
        written?.path ?? ['prune'],
        `the DHCP of ${vlanName(fabric, vid)} would have no dynamic range`,
        'dhcp: { enabled: false } for it, or a range of `type: dynamic`',
      ),
    );
  }
}

function futureSubnets({ site, current }: Comparison): FutureSubnet[] {
  const wanted = site.subnets ?? [];
  const dynamicOf = (cidr: string) =>
    current.ranges.filter((range) => range.cidr === cidr && range.type === 'dynamic');
  const untouched = current.subnets
    .filter(({ cidr }) => !site.prune.has('subnets') && !wanted.some((subnet) => subnet.cidr === cidr))
    .map(({ cidr, vlan }) => ({ cidr, vlan, dynamic: dynamicOf(cidr).length > 0 }));
  const written = wanted.flatMap(({ cidr, vlan, ranges }): FutureSubnet[] => {
    const place = vlan ?? current.subnets.find((subnet) => subnet.cidr === cidr)?.vlan;
    if (!place) return [];
    const kept = dynamicOf(cidr).some(
      (range) =>
        ranges === undefined ||
        // A range that shares addresses with a written one becomes that one.
        (!site.prune.has('ranges') && !ranges.some((one) => overlap(interval(one), interval(range)))),
    );
    return [{ cidr, vlan: place, dynamic: kept || ranges?.some(({ type }) => type === 'dynamic') === true }];
  });
  return [...untouched, ...written];
}
