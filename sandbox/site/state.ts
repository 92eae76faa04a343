/** The state of the region itself: settings, keys, boot sources, networks, zones, pools, domains. Plain JSON. */
export interface SiteState {
  /** Of MAAS' own settings those that were set. */
  settings: Record<string, unknown>;
  /** Ids that were given out, by kind; an id is never used twice. */
  ids: Record<string, number>;
  sshKeys: SshKey[];
  bootSources: BootSource[];
  selections: Selection[];
  /** The import that runs, or null. */
  importing: Import | null;
  fabrics: Fabric[];
  vlans: Vlan[];
  subnets: Subnet[];
  ranges: Range[];
  spaces: Named[];
  zones: Named[];
  pools: Named[];
  domains: Domain[];
  /** Id of the domain that machines get. */
  defaultDomain: number;
  racks: Rack[];
}

export interface SshKey {
  id: number;
  user: string;
  key: string;
  /** Such as lp:name, or empty for an uploaded one. */
  keysource: string;
}

export interface BootSource {
  id: number;
  name: string;
  url: string;
  priority: number;
  enabled: boolean;
  keyring_filename: string;
  /** Base64. */
  keyring_data: string;
  skip_keyring_verification: boolean;
  /** Milliseconds since 1970. */
  created: number;
  updated: number;
}

export interface Selection {
  id: number;
  source: number;
  os: string;
  release: string;
  arches: string[];
  subarches: string[];
  labels: string[];
}

export interface Import {
  /** Milliseconds since 1970. */
  startedAt: number;
  /** Ids of the resources it fetches, in their order. */
  resources: number[];
}

export interface Named {
  id: number;
  name: string;
  description: string;
}

export interface Fabric extends Named {
  class_type: string | null;
}

export interface Vlan extends Omit<Named, 'name'> {
  fabric: number;
  vid: number;
  name: string | null;
  mtu: number;
  dhcp_on: boolean;
  /** system_id */
  primary_rack: string | null;
  secondary_rack: string | null;
  relay_vlan: number | null;
  space: number | null;
}

export interface Subnet extends Named {
  cidr: string;
  vlan: number;
  gateway_ip: string | null;
  dns_servers: string[];
  rdns_mode: number;
  active_discovery: boolean;
  allow_dns: boolean;
  allow_proxy: boolean;
  managed: boolean;
}

export interface Range {
  id: number;
  subnet: number;
  type: 'dynamic' | 'reserved';
  start_ip: string;
  end_ip: string;
  comment: string;
  user: string;
}

export interface Domain {
  id: number;
  name: string;
  authoritative: boolean;
  ttl: number | null;
}

export interface Rack {
  system_id: string;
  hostname: string;
  /** On which it can serve DHCP, with its address there. */
  interfaces: { name: string; vlan: number; address: string }[];
}

export const DEFAULT_SOURCE = 'http://images.maas.io/ephemeral-v3/stable/';
const KEYRING = '/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg';

/**
 * A MAAS just installed on the `maas-vm` of DeepOps' guide: what its rack found on its two interfaces, and the
 * selections of what the sandbox starts with.
 */
export function freshSite(): SiteState {
  return {
    settings: {},
    ids: {
      sshKey: 0,
      bootSource: 1,
      selection: 2,
      fabric: 1,
      vlan: 5002,
      subnet: 2,
      range: 0,
      space: 0,
      zone: 1,
      pool: 0,
      domain: 0,
    },
    sshKeys: [],
    bootSources: [
      {
        id: 1,
        name: DEFAULT_SOURCE,
        url: DEFAULT_SOURCE,
        priority: 1,
        enabled: true,
        keyring_filename: KEYRING,
        keyring_data: '',
        skip_keyring_verification: false,
        created: 0,
        updated: 0,
      },
    ],
    selections: ['focal', 'jammy'].map((release, index) => ({
      id: index + 1,
      source: 1,
      os: 'ubuntu',
      release,
      arches: ['amd64', 'arm64'],
      subarches: ['*'],
      labels: ['*'],
    })),
    importing: null,
    fabrics: [fabric(0), fabric(1)],
    vlans: [vlan(5001, 0), vlan(5002, 1)],
    subnets: [
      newSubnet(1, '192.168.1.0/24', 5001, null),
      newSubnet(2, '192.168.122.0/24', 5002, '192.168.122.1'),
    ],
    ranges: [],
    spaces: [],
    zones: [{ id: 1, name: 'default', description: '' }],
    pools: [{ id: 0, name: 'default', description: 'Default pool' }],
    domains: [{ id: 0, name: 'maas', authoritative: true, ttl: null }],
    defaultDomain: 0,
    racks: [
      {
        system_id: 'rck001',
        hostname: 'maas-vm',
        interfaces: [
          { name: 'ens4', vlan: 5001, address: '192.168.1.1' },
          { name: 'ens3', vlan: 5002, address: '192.168.122.90' },
        ],
      },
    ],
  };
}

/** The next id of a kind; counted on, as a database's sequence is. */
export function nextId(site: SiteState, kind: string): number {
  const id = (site.ids[kind] ?? 0) + 1;
  site.ids[kind] = id;
  return id;
}

const fabric = (id: number): Fabric => ({ id, name: `fabric-${id}`, description: '', class_type: null });

export const newVlan = (id: number, fabricId: number, vid: number, name: string | null): Vlan => ({
  id,
  fabric: fabricId,
  vid,
  name,
  description: '',
  mtu: 1500,
  dhcp_on: false,
  primary_rack: null,
  secondary_rack: null,
  relay_vlan: null,
  space: null,
});

const vlan = (id: number, fabricId: number) => newVlan(id, fabricId, 0, 'Default VLAN');

export const newSubnet = (id: number, cidr: string, vlanId: number, gateway: string | null): Subnet => ({
  id,
  name: cidr,
  description: '',
  cidr,
  vlan: vlanId,
  gateway_ip: gateway,
  dns_servers: [],
  rdns_mode: 2,
  active_discovery: false,
  allow_dns: true,
  allow_proxy: true,
  managed: true,
});
