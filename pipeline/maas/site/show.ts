import { plain } from '../../core/escape/terminal.ts';
import type { Paint } from '../../core/text/paint.ts';
import { hanging } from '../../core/text/width.ts';
import { vlanName } from './diff/fabrics.ts';
import { exportSite } from './export.ts';
import type { LiveSite, LiveVlan } from './live-site.ts';
import { proxyText } from './proxy.ts';
import { keyName } from './public-key.ts';

/** The state of a MAAS, for reading: the sections of a site file, and values that only MAAS knows. */
export function showText(current: LiveSite, paint: Paint): string {
  const { region = {} } = exportSite(current);
  const { proxy: _, ...settings } = region;
  const sections: [string, string[]][] = [
    [
      'Region',
      [
        ...Object.entries(settings).map(([key, value]) => `${key}: ${[value].flat().join(', ') || '(none)'}`),
        `proxy: ${proxyText(current.settings)}`,
      ],
    ],
    [
      'SSH keys',
      current.sshKeys.map(({ key, source }) => `${keyName(key)}${source ? `  from ${source}` : ''}`),
    ],
    [
      'Boot sources',
      current.bootSources.flatMap(({ url, selections }) => [
        url,
        ...selections.map(({ os, release, arches }) => `  ${os}/${release} (${arches.join(', ')})`),
      ]),
    ],
    [`Boot images${current.importing ? ' (an import is running)' : ''}`, imagesOf(current)],
    ['Networks', networksOf(current)],
    ['Rack controllers', current.racks.map(({ hostname, systemId }) => `${hostname} (${systemId})`)],
    ['Zones', current.zones.map(described)],
    ['Pools', current.pools.map(described)],
    [
      'Tags',
      current.tags.map(({ name, comment, definition, kernelOptions }) =>
        [
          described({ name, description: comment }),
          ...(definition ? [`by ${definition}`] : []),
          ...(kernelOptions ? [`kernel ${kernelOptions}`] : []),
        ].join('; '),
      ),
    ],
    ['Domains', current.domains.map(({ name, isDefault }) => `${name}${isDefault ? ' (default)' : ''}`)],
  ];
  return sections
    .map(([title, lines]) =>
      [paint.bold(title), ...(lines.length ? lines : ['none']).map((line) => shown(line, paint))].join('\n'),
    )
    .join('\n\n');
}

/** A line, as deep as it begins. */
function shown(line: string, paint: Paint): string {
  const text = plain(line);
  return hanging(`  ${/^ */.exec(text)?.[0] ?? ''}`, text.trimStart(), paint);
}

const described = ({ name, description }: { name: string; description: string }) =>
  description ? `${name}: ${description}` : name;

function imagesOf({ images }: LiveSite): string[] {
  const byName = new Map<string, Set<string>>();
  for (const { name, arch } of images) byName.set(name, (byName.get(name) ?? new Set()).add(arch));
  return [...byName].map(([name, arches]) => `${name} (${[...arches].join(', ')})`);
}

function networksOf({ fabrics, subnets, ranges, racks }: LiveSite): string[] {
  const rack = (systemId: string | null) =>
    racks.find((one) => one.systemId === systemId)?.hostname ?? systemId ?? '';
  const dhcp = ({ dhcpOn, primaryRack, relay }: LiveVlan) =>
    dhcpOn
      ? `DHCP by ${rack(primaryRack)}`
      : relay
        ? `DHCP relayed to ${vlanName(relay.fabric, relay.vid)}`
        : 'no DHCP';
  return fabrics.flatMap(({ vlans }) =>
    vlans.flatMap((vlan) => [
      `${vlanName(vlan.fabric, vlan.vid)}: ${dhcp(vlan)}${vlan.space === 'undefined' ? '' : `, space ${vlan.space}`}`,
      ...subnets
        .filter(({ vlan: place }) => place.fabric === vlan.fabric && place.vid === vlan.vid)
        .flatMap((subnet) => [
          `  ${subnet.cidr}${subnet.gateway ? ` gateway ${subnet.gateway}` : ''}${subnet.dnsServers.length ? ` DNS ${subnet.dnsServers.join(', ')}` : ''}`,
          ...ranges
            .filter(({ cidr }) => cidr === subnet.cidr)
            .map(
              ({ type, start, end, comment }) =>
                `    ${type} ${start}-${end}${comment ? `  ${comment}` : ''}`,
            ),
        ]),
    ]),
  );
}
