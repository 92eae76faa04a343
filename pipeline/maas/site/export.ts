import { stringify } from 'yaml';
import type { MaasClient } from '../api/client.ts';
import { schemaReference } from './init.ts';
import {
  type LiveSection,
  type LiveSite,
  type LiveSubnet,
  type LiveVlan,
  readLiveSite,
} from './live-site.ts';
import { proxyMode } from './proxy.ts';
import type { RawDhcp, RawProxy, RawRegion, RawSite, RawSubnet, RawVlan } from './raw-site.ts';
import { PROXY_SETTINGS, SETTING_OF } from './region-settings.ts';

/** The variable that an exported file names for a proxy's password. */
export const PROXY_PASSWORD = 'MAAS_PROXY_PASSWORD';

const SECTIONS: readonly LiveSection[] = [
  'sshKeys',
  'bootSources',
  'zones',
  'pools',
  'domains',
  'tags',
  'networks',
];

/** Everything that a site file can name, as a MAAS has it. @throws Fault MAAS_* */
export function readEverything(client: MaasClient): Promise<LiveSite> {
  return readLiveSite(client, {
    settings: [...Object.values(SETTING_OF), ...PROXY_SETTINGS],
    sections: new Set(SECTIONS),
  });
}

/**
 * The site file of a running MAAS: it validates, and its plan is empty. No password is in it.
 * @param dir where it will stand: the editors' modeline is relative to it
 */
export function exportText(current: LiveSite, url: string, dir: string): string {
  const site = exportSite(current);
  const head = [
    `# yaml-language-server: $schema=${schemaReference(dir)}`,
    `# The settings of ${url} when this file was written. Sections that you remove are not changed.`,
    ...(site.region?.proxy?.password ? [`# The password of the proxy is read from ${PROXY_PASSWORD}.`] : []),
  ];
  return `${head.join('\n')}\n\n${stringify(site, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** A MAAS in the words of a site file. Sections without content are left out. */
export function exportSite(current: LiveSite): RawSite {
  const site: RawSite = {
    region: regionOf(current.settings),
    ssh_keys: [
      ...current.sshKeys.filter(({ source }) => !source).map(({ key }) => ({ key })),
      ...[...new Set(current.sshKeys.map(({ source }) => source).filter(Boolean))].map((source) => ({
        import: source,
      })),
    ],
    boot_sources: current.bootSources.map(({ url, keyringFile, selections }) => ({
      url,
      ...(keyringFile ? { keyring_file: keyringFile } : {}),
      selections: selections.map(({ id: _, ...selection }) => selection),
    })),
    spaces: current.spaces.map(named),
    fabrics: current.fabrics.map(({ name, vlans }) => ({
      name,
      vlans: vlans.map((vlan) => vlanOf(vlan, current)),
    })),
    subnets: current.subnets.map((subnet) => subnetOf(subnet, current)),
    zones: current.zones.map(named),
    pools: current.pools.map(named),
    tags: current.tags.map(({ name, comment, definition, kernelOptions }) => ({
      name,
      ...(comment ? { comment } : {}),
      ...(definition ? { definition } : {}),
      ...(kernelOptions ? { kernel_options: kernelOptions } : {}),
    })),
    domains: current.domains.map(({ name, authoritative, ttl, isDefault }) => ({
      name,
      ...(authoritative ? {} : { authoritative }),
      ...(ttl === null ? {} : { ttl }),
      ...(isDefault ? { default: true as const } : {}),
    })),
  };
  return Object.fromEntries(
    Object.entries(site).filter(([, section]) => !Array.isArray(section) || section.length > 0),
  );
}

const named = ({ name, description }: { name: string; description: string }) =>
  description ? { name, description } : { name };

function regionOf(settings: ReadonlyMap<string, unknown>): RawRegion {
  const lists = new Set(['upstream_dns', 'ntp_servers']);
  const entries = Object.entries(SETTING_OF).flatMap(([key, name]): [string, unknown][] => {
    const value = settings.get(name);
    if (lists.has(key))
      return [
        [
          key,
          Array.isArray(value)
            ? value
            : String(value ?? '')
                .split(' ')
                .filter(Boolean),
        ],
      ];
    return value === null || value === undefined || value === '' ? [] : [[key, value]];
  });
  return { ...Object.fromEntries(entries), proxy: proxyOf(settings) };
}

function proxyOf(settings: ReadonlyMap<string, unknown>): RawProxy {
  const mode = proxyMode(settings);
  const text = settings.get('http_proxy');
  if (mode === 'none' || mode === 'builtin' || typeof text !== 'string' || !URL.canParse(text))
    return { mode };
  const url = new URL(text);
  const login = {
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: { environment: PROXY_PASSWORD } } : {}),
  };
  url.username = '';
  url.password = '';
  return { mode, url: url.href, ...login };
}

function vlanOf(vlan: LiveVlan, current: LiveSite): RawVlan {
  const dhcp = dhcpOf(vlan, current);
  return {
    vid: vlan.vid,
    ...(vlan.vid !== 0 && vlan.name ? { name: vlan.name } : {}),
    mtu: vlan.mtu,
    ...(vlan.space === 'undefined' ? {} : { space: vlan.space }),
    ...(dhcp ? { dhcp } : {}),
  };
}

/** Undefined where MAAS has DHCP on and nothing to give: no file may say that. */
function dhcpOf(vlan: LiveVlan, { subnets, ranges, racks }: LiveSite): RawDhcp | undefined {
  if (vlan.relay) return { relay: { fabric: vlan.relay.fabric, vlan: vlan.relay.vid } };
  if (!vlan.dhcpOn) return { enabled: false };
  const inside = subnets.filter(({ vlan: place }) => place.fabric === vlan.fabric && place.vid === vlan.vid);
  const serves = ranges.some(
    ({ type, cidr }) => type === 'dynamic' && inside.some((subnet) => subnet.cidr === cidr),
  );
  if (!serves) return undefined;
  const name = (systemId: string) => {
    const hostname = racks.find((rack) => rack.systemId === systemId)?.hostname;
    return hostname && racks.filter((rack) => rack.hostname === hostname).length === 1 ? hostname : systemId;
  };
  return {
    ...(vlan.primaryRack ? { rack: name(vlan.primaryRack) } : {}),
    ...(vlan.primaryRack && vlan.secondaryRack ? { secondary_rack: name(vlan.secondaryRack) } : {}),
  };
}

function subnetOf(subnet: LiveSubnet, { ranges }: LiveSite): RawSubnet {
  const own = ranges.filter(({ cidr }) => cidr === subnet.cidr);
  return {
    cidr: subnet.cidr,
    ...(subnet.name === subnet.cidr ? {} : { name: subnet.name }),
    ...(subnet.description ? { description: subnet.description } : {}),
    fabric: subnet.vlan.fabric,
    vlan: subnet.vlan.vid,
    gateway: subnet.gateway ?? 'none',
    ...(subnet.dnsServers.length ? { dns_servers: subnet.dnsServers } : {}),
    managed: subnet.managed,
    ...(subnet.activeDiscovery ? { active_discovery: true } : {}),
    ...(subnet.allowDns ? {} : { allow_dns: false }),
    ...(subnet.allowProxy ? {} : { allow_proxy: false }),
    ...(own.length
      ? {
          ranges: own.map(({ type, start, end, comment }) => ({
            type: type as 'dynamic' | 'reserved',
            start,
            end,
            ...(comment ? { comment } : {}),
          })),
        }
      : {}),
  };
}
