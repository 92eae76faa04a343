import type { Path } from '../../config/yaml/problem.ts';

/** site.yaml as it is written, after its schema has let it through. */
export interface RawSite {
  region?: RawRegion;
  ssh_keys?: RawKey[];
  boot_sources?: RawSource[];
  import?: { wait?: boolean; timeout?: string };
  spaces?: RawNamed[];
  fabrics?: RawFabric[];
  subnets?: RawSubnet[];
  zones?: RawNamed[];
  pools?: RawNamed[];
  tags?: RawTag[];
  domains?: RawDomain[];
  prune?: PrunedSection[];
}

export const PRUNED_SECTIONS = [
  'ssh_keys',
  'boot_sources',
  'selections',
  'spaces',
  'fabrics',
  'vlans',
  'subnets',
  'ranges',
  'zones',
  'pools',
  'tags',
  'domains',
] as const;
export type PrunedSection = (typeof PRUNED_SECTIONS)[number];

export interface RawRegion {
  name?: string;
  upstream_dns?: string[];
  dnssec?: 'auto' | 'yes' | 'no';
  ntp_servers?: string[];
  ntp_external_only?: boolean;
  proxy?: RawProxy;
  default_os?: string;
  default_series?: string;
  commissioning_series?: string;
  kernel_options?: string;
  storage_layout?: string;
  intro_completed?: boolean;
}

export interface RawProxy {
  mode: 'builtin' | 'none' | 'external' | 'peer';
  url?: string;
  username?: string;
  password?: { environment: string } | { file: string };
}

export type RawKey = { key: string } | { file: string } | { import: string };

export interface RawSource {
  url: string;
  keyring_file?: string;
  selections?: RawSelection[];
}

export interface RawSelection {
  os?: string;
  release: string;
  arches?: string[];
  subarches?: string[];
  labels?: string[];
}

export interface RawNamed {
  name: string;
  description?: string;
}

export interface RawFabric {
  name: string;
  vlans?: RawVlan[];
}

export interface RawVlan {
  vid: number;
  name?: string;
  mtu?: number;
  space?: string;
  dhcp?: RawDhcp;
}

export interface RawDhcp {
  enabled?: boolean;
  rack?: string;
  secondary_rack?: string;
  relay?: { fabric: string; vlan: number };
}

export interface RawSubnet {
  cidr: string;
  name?: string;
  description?: string;
  fabric?: string;
  vlan?: number;
  gateway?: string;
  dns_servers?: string[];
  managed?: boolean;
  active_discovery?: boolean;
  allow_dns?: boolean;
  allow_proxy?: boolean;
  dhcp?: RawDhcp;
  ranges?: RawRange[];
}

export interface RawRange {
  type: 'dynamic' | 'reserved';
  start: string;
  end: string;
  comment?: string;
}

export interface RawTag {
  name: string;
  comment?: string;
  definition?: string;
  kernel_options?: string;
}

export interface RawDomain {
  name: string;
  authoritative?: boolean;
  ttl?: number;
  default?: true;
}

/** Every DHCP of the file with its place. */
export function everyDhcp(site: RawSite): { dhcp: RawDhcp; path: Path }[] {
  const ofVlans = (site.fabrics ?? []).flatMap((fabric, f) =>
    (fabric.vlans ?? []).flatMap((vlan, v) =>
      vlan.dhcp ? [{ dhcp: vlan.dhcp, path: ['fabrics', f, 'vlans', v, 'dhcp'] }] : [],
    ),
  );
  const ofSubnets = (site.subnets ?? []).flatMap((subnet, s) =>
    subnet.dhcp ? [{ dhcp: subnet.dhcp, path: ['subnets', s, 'dhcp'] }] : [],
  );
  return [...ofVlans, ...ofSubnets];
}

/** Whether MAAS itself is to serve DHCP: it is on, and no relay of the site's own. */
export function serves(dhcp: RawDhcp): boolean {
  return dhcp.enabled !== false && dhcp.relay === undefined;
}
