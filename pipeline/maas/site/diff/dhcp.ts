import { quoted } from '../../../config/yaml/problem.ts';
import { suggest } from '../../../core/text/suggest.ts';
import { type Change, type Comparison, type FieldChange, fieldChanges } from '../change.ts';
import type { LiveRack, LiveVlan } from '../live-site.ts';
import { wrong } from '../rules/rule.ts';
import type { Dhcp } from '../site.ts';
import { checkDhcpKeepsRanges } from './dhcp-left.ts';
import { vlanName } from './fabrics.ts';
import { checkVlanExists } from './vlan-exists.ts';

/** The DHCP that one VLAN is to have. */
interface DesiredDhcp {
  fabric: string;
  vid: number;
  dhcp: Dhcp;
}

/** DHCP of VLANs: served by racks, relayed to another VLAN, or off. */
export function dhcpChanges(comparison: Comparison): Change[] {
  const desired = desiredDhcpOf(comparison);
  for (const { dhcp } of desired) if (dhcp.kind === 'relayed') checkRelay(dhcp, desired, comparison);
  checkDhcpKeepsRanges(comparison, ({ fabric, vid }) =>
    desired.some((one) => one.fabric === fabric && one.vid === vid && one.dhcp.kind !== 'served'),
  );
  // A relay goes to a VLAN that serves, so those that serve come first.
  const rank = ({ dhcp }: DesiredDhcp) => ['off', 'served', 'relayed'].indexOf(dhcp.kind);
  return desired.toSorted((a, b) => rank(a) - rank(b)).flatMap((one) => change(one, comparison));
}

/** From VLANs and from subnets; a subnet speaks for the VLAN in which it lies. */
function desiredDhcpOf({ site, current, problems }: Comparison): DesiredDhcp[] {
  const desired = (site.fabrics ?? []).flatMap(({ name, vlans }) =>
    (vlans ?? []).flatMap(({ vid, dhcp }) => (dhcp ? [{ fabric: name, vid, dhcp }] : [])),
  );
  for (const { cidr, vlan, dhcp } of site.subnets ?? []) {
    const place = vlan ?? current.subnets.find((subnet) => subnet.cidr === cidr)?.vlan;
    if (!dhcp || !place) continue;
    const other = desired.find(({ fabric, vid }) => fabric === place.fabric && vid === place.vid);
    if (!other) desired.push({ ...place, dhcp });
    else
      problems.push(
        wrong(
          dhcp.path,
          `${cidr} lies in ${vlanName(place.fabric, place.vid)}, whose DHCP is set elsewhere`,
          'one place',
        ),
      );
  }
  return desired;
}

function checkRelay(
  dhcp: Dhcp & { kind: 'relayed' },
  desired: readonly DesiredDhcp[],
  comparison: Comparison,
) {
  const path = [...dhcp.path, 'relay'];
  if (!checkVlanExists(dhcp, path, comparison)) return;
  const isTarget = ({ fabric, vid }: { fabric: string; vid: number }) =>
    fabric === dhcp.fabric && vid === dhcp.vid;
  const target = desired.find(isTarget);
  const have = comparison.current.fabrics.flatMap(({ vlans }) => vlans).find(isTarget);
  if (target ? target.dhcp.kind === 'relayed' : have?.relay)
    comparison.problems.push(
      wrong(
        path,
        `${vlanName(dhcp.fabric, dhcp.vid)} is itself relayed`,
        'a VLAN whose DHCP is served by a rack',
      ),
    );
}

function change(wanted: DesiredDhcp, comparison: Comparison): Change[] {
  const { fabric, vid, dhcp } = wanted;
  const have = comparison.current.fabrics
    .flatMap(({ vlans }) => vlans)
    .find((vlan) => vlan.fabric === fabric && vlan.vid === vid);
  const racks = dhcp.kind === 'served' ? racksOf(dhcp, have, comparison) : { primary: null, secondary: null };
  const fields = fieldsOf(dhcp, have, racks, comparison.current.racks);
  if (fields.length === 0) return [];
  return [
    {
      kind: 'update',
      phase: dhcp.kind === 'off' ? 'dhcp off' : 'dhcp',
      name: vlanName(fabric, vid),
      fields,
      path: dhcp.path,
      keys: {
        dhcp_on: [...dhcp.path, 'enabled'],
        primary_rack: [...dhcp.path, 'rack'],
        relay_vlan: [...dhcp.path, 'relay'],
      },
      async run({ client, ids }) {
        const path = `fabrics/${ids.fabric(fabric)}/vlans/${vid}/`;
        if (dhcp.kind === 'served') {
          await client.update(path, {
            dhcp_on: true,
            ...(racks.primary ? { primary_rack: racks.primary } : {}),
          });
          // On its own: MAAS compares it with the primary rack that is there already.
          if (racks.secondary && racks.secondary !== have?.secondaryRack)
            await client.update(path, { secondary_rack: racks.secondary });
          return;
        }
        // While DHCP is on MAAS knows no relay.
        if (have?.dhcpOn) await client.update(path, { dhcp_on: false });
        if (dhcp.kind === 'relayed') await client.update(path, { relay_vlan: ids.vlan(dhcp) });
        else if (have?.relay) await client.update(path, { relay_vlan: '' });
      },
    },
  ];
}

function fieldsOf(
  dhcp: Dhcp,
  have: LiveVlan | undefined,
  racks: { primary: string | null; secondary: string | null },
  known: readonly LiveRack[],
): FieldChange[] {
  const name = (systemId: string | null | undefined) =>
    known.find((rack) => rack.systemId === systemId)?.hostname ?? systemId ?? null;
  const relay = (to: { fabric: string; vid: number } | null | undefined) =>
    to ? vlanName(to.fabric, to.vid).replace('VLAN ', '') : null;
  return fieldChanges([
    ['dhcp', have?.dhcpOn ? 'on' : 'off', dhcp.kind === 'served' ? 'on' : 'off'],
    ['rack', name(have?.primaryRack), racks.primary === null ? undefined : name(racks.primary)],
    [
      'secondary_rack',
      name(have?.secondaryRack),
      racks.secondary === null ? undefined : name(racks.secondary),
    ],
    ['relay', relay(have?.relay), relay(dhcp.kind === 'relayed' ? dhcp : null)],
  ]);
}

/** System ids of the racks that are to serve; null: as it is. */
function racksOf(
  dhcp: Dhcp & { kind: 'served' },
  have: LiveVlan | undefined,
  { current: { racks }, problems }: Comparison,
): { primary: string | null; secondary: string | null } {
  const find = (name: string, key: string): string | null => {
    const found = racks.filter((rack) => [rack.systemId, rack.hostname, rack.fqdn].includes(name));
    if (found.length === 1) return found[0]?.systemId ?? null;
    const names = racks.map(({ hostname, systemId }) =>
      found.length ? `${systemId} (${hostname})` : hostname,
    );
    problems.push(
      wrong(
        [...dhcp.path, key],
        found.length
          ? `several racks have the name ${quoted(name)}`
          : `there is no rack controller ${quoted(name)}`,
        names.join(', ') || 'none: this MAAS has no rack controller',
        suggest(name, names),
      ),
    );
    return null;
  };
  const secondary = dhcp.secondaryRack === null ? null : find(dhcp.secondaryRack, 'secondary_rack');
  if (dhcp.rack !== null) return { primary: find(dhcp.rack, 'rack'), secondary };
  if (have?.primaryRack) return { primary: null, secondary };
  if (racks.length === 1) return { primary: racks[0]?.systemId ?? null, secondary };
  problems.push(
    wrong(
      dhcp.path,
      racks.length
        ? 'which rack controller should serve DHCP?'
        : 'this MAAS has no rack controller to serve DHCP',
      racks.map(({ hostname }) => `rack: ${hostname}`).join(', ') || 'a MAAS with one',
    ),
  );
  return { primary: null, secondary };
}
