import type { Problem } from '../../../config/yaml/problem.ts';
import { everyDhcp, type RawSite, serves } from '../raw-site.ts';
import { type SiteRule, wrong } from './rule.ts';

const RANGE = 'a range of `type: dynamic` in `ranges`';

/** MAAS turns DHCP on for a VLAN of which a subnet has a dynamic range. */
export const dhcpHasADynamicRange: SiteRule = (site) => {
  const subnets = site.subnets ?? [];
  const isDynamic = (index: number) =>
    subnets[index]?.ranges?.some(({ type }) => type === 'dynamic') === true;
  const ofSubnets = subnets.flatMap((subnet, index): Problem[] =>
    subnet.dhcp && serves(subnet.dhcp) && !isDynamic(index)
      ? [wrong(['subnets', index, 'dhcp'], `DHCP has no addresses for ${subnet.cidr}`, RANGE)]
      : [],
  );
  const ofVlans = (site.fabrics ?? []).flatMap((fabric, f) =>
    (fabric.vlans ?? []).flatMap((vlan, v): Problem[] => {
      if (!vlan.dhcp || !serves(vlan.dhcp)) return [];
      // A subnet without `fabric` may lie in this VLAN: MAAS knows.
      const inside = subnets.some(
        (subnet, index) =>
          isDynamic(index) &&
          (subnet.fabric === undefined || (subnet.fabric === fabric.name && (subnet.vlan ?? 0) === vlan.vid)),
      );
      return inside
        ? []
        : [
            wrong(
              ['fabrics', f, 'vlans', v, 'dhcp'],
              `DHCP has no addresses for ${fabric.name}, VLAN ${vlan.vid}`,
              `a subnet of this VLAN with ${RANGE}`,
            ),
          ];
    }),
  );
  return [...ofSubnets, ...ofVlans];
};

/** The same VLAN has one DHCP, wherever it is written. */
export const dhcpIsDeclaredOnce: SiteRule = (site) => {
  const taken = new Map<string, string>();
  const note = (fabric: string, vid: number, path: (string | number)[]): Problem[] => {
    const key = `${fabric}/${vid}`;
    const earlier = taken.get(key);
    taken.set(key, earlier ?? path.slice(0, -1).join('.'));
    return earlier === undefined
      ? []
      : [wrong(path, `the DHCP of ${fabric}, VLAN ${vid}, is already set at ${earlier}`, 'one place')];
  };
  return [
    ...(site.fabrics ?? []).flatMap(({ name, vlans }, f) =>
      (vlans ?? []).flatMap(({ vid, dhcp }, v) =>
        dhcp ? note(name, vid, ['fabrics', f, 'vlans', v, 'dhcp']) : [],
      ),
    ),
    ...(site.subnets ?? []).flatMap(({ fabric, vlan = 0, dhcp }, index) =>
      dhcp && fabric !== undefined ? note(fabric, vlan, ['subnets', index, 'dhcp']) : [],
    ),
  ];
};

export const dhcpHasOneMode: SiteRule = (site) =>
  everyDhcp(site).flatMap(({ dhcp, path }): Problem[] => {
    if (dhcp.enabled === false && Object.keys(dhcp).length > 1)
      return [wrong([...path, 'enabled'], 'DHCP that is off has no other keys', 'enabled: false alone')];
    if (dhcp.relay && (dhcp.rack !== undefined || dhcp.secondary_rack !== undefined))
      return [
        wrong(
          [...path, 'relay'],
          'a relay is not a rack: the VLAN it forwards to has the racks',
          'rack or relay',
        ),
      ];
    if (dhcp.secondary_rack !== undefined && dhcp.rack === undefined)
      return [wrong([...path, 'secondary_rack'], 'it needs a primary rack', 'rack: NAME')];
    if (dhcp.rack !== undefined && dhcp.rack === dhcp.secondary_rack)
      return [
        wrong([...path, 'secondary_rack'], `"${dhcp.rack}" cannot be its own secondary rack`, 'another rack'),
      ];
    return [];
  });

export const relaysGoToAnotherVlan: SiteRule = (site: RawSite) =>
  (site.fabrics ?? []).flatMap((fabric, f) =>
    (fabric.vlans ?? []).flatMap((vlan, v): Problem[] => {
      const relay = vlan.dhcp?.relay;
      return relay && relay.fabric === fabric.name && relay.vlan === vlan.vid
        ? [
            wrong(
              ['fabrics', f, 'vlans', v, 'dhcp', 'relay'],
              'this VLAN relays to itself',
              'the VLAN that serves the DHCP',
            ),
          ]
        : [];
    }),
  );
