import pLimit from 'p-limit';
import { registerSecret } from '../../core/secrets/registry.ts';
import type { MaasClient } from '../api/client.ts';
import { spelled } from './address.ts';
import { type Answer, listOf, text, texts } from './answer.ts';

/** The objects in a MAAS that a site file can name. A section that was not asked for is empty. */
export interface LiveSite {
  settings: Map<string, unknown>;
  sshKeys: { id: number; key: string; source: string }[];
  bootSources: LiveBootSource[];
  images: SyncedImage[];
  importing: boolean;
  spaces: LiveNamed[];
  zones: LiveNamed[];
  pools: LiveNamed[];
  domains: { id: number; name: string; authoritative: boolean; ttl: number | null; isDefault: boolean }[];
  tags: { name: string; comment: string; definition: string; kernelOptions: string }[];
  fabrics: { id: number; name: string; vlans: LiveVlan[] }[];
  subnets: LiveSubnet[];
  ranges: LiveRange[];
  racks: LiveRack[];
}

export interface LiveNamed {
  id: number;
  name: string;
  description: string;
}

export interface LiveBootSource {
  id: number;
  url: string;
  keyringFile: string;
  selections: {
    id: number;
    os: string;
    release: string;
    arches: string[];
    subarches: string[];
    labels: string[];
  }[];
}

export interface SyncedImage {
  id: number;
  /** os/release */
  name: string;
  /** Without the subarchitecture. */
  arch: string;
}

export interface LiveVlan {
  id: number;
  fabric: string;
  vid: number;
  name: string | null;
  mtu: number;
  /** "undefined": none. */
  space: string;
  dhcpOn: boolean;
  /** system_id */
  primaryRack: string | null;
  secondaryRack: string | null;
  relay: { fabric: string; vid: number } | null;
}

export interface LiveSubnet {
  id: number;
  cidr: string;
  name: string;
  description: string;
  vlan: { fabric: string; vid: number };
  gateway: string | null;
  dnsServers: string[];
  managed: boolean;
  activeDiscovery: boolean;
  allowDns: boolean;
  allowProxy: boolean;
}

export interface LiveRange {
  id: number;
  /** Of its subnet. */
  cidr: string;
  type: string;
  start: string;
  end: string;
  comment: string;
}

export interface LiveRack {
  systemId: string;
  hostname: string;
  fqdn: string;
}

export type LiveSection = 'sshKeys' | 'bootSources' | 'zones' | 'pools' | 'domains' | 'tags' | 'networks';

const AT_ONCE = 4;

/**
 * Reads the sections asked for: one request for each list, one for each setting and one for each boot source's selections.
 * @throws Fault MAAS_*
 */
export async function readLiveSite(
  client: MaasClient,
  wanted: { settings: readonly string[]; sections: ReadonlySet<LiveSection> },
): Promise<LiveSite> {
  const limit = pLimit(AT_ONCE);
  const list = (section: LiveSection, path: string): Promise<Answer[]> =>
    wanted.sections.has(section) ? limit(() => listOf(client, path)) : Promise.resolve([]);
  const [settings, keys, sources, images, importing, zones, pools, domains, tags, ...networks] =
    await Promise.all([
      Promise.all(
        wanted.settings.map((name) =>
          limit(async (): Promise<[string, unknown]> => [name, await readSetting(client, name)]),
        ),
      ),
      list('sshKeys', 'account/prefs/sshkeys/'),
      list('bootSources', 'boot-sources/'),
      list('bootSources', 'boot-resources/?type=synced'),
      wanted.sections.has('bootSources') && limit(() => isImporting(client)),
      list('zones', 'zones/'),
      list('pools', 'resourcepools/'),
      list('domains', 'domains/'),
      list('tags', 'tags/'),
      list('networks', 'fabrics/'),
      list('networks', 'subnets/'),
      list('networks', 'ipranges/'),
      list('networks', 'spaces/'),
      list('networks', 'rackcontrollers/'),
    ]);
  const [fabrics, subnets, ranges, spaces, racks] = networks as Answer[][] as [
    Answer[],
    Answer[],
    Answer[],
    Answer[],
    Answer[],
  ];
  return {
    settings: new Map(settings),
    sshKeys: keys.map((key) => ({ id: Number(key.id), key: text(key.key), source: text(key.keysource) })),
    bootSources: await Promise.all(sources.map((source) => limit(() => sourceOf(client, source)))),
    images: images.map(imageOf),
    importing: importing === true,
    spaces: spaces.filter(({ name }) => name !== 'undefined').map(namedOf),
    zones: zones.map(namedOf),
    pools: pools.map(namedOf),
    domains: domains.map((domain) => ({
      id: Number(domain.id),
      name: text(domain.name),
      authoritative: domain.authoritative === true,
      ttl: typeof domain.ttl === 'number' ? domain.ttl : null,
      isDefault: domain.is_default === true,
    })),
    tags: tags.map((tag) => ({
      name: text(tag.name),
      comment: text(tag.comment),
      definition: text(tag.definition),
      kernelOptions: text(tag.kernel_opts),
    })),
    fabrics: fabrics.map((fabric) => ({
      id: Number(fabric.id),
      name: text(fabric.name),
      vlans: (Array.isArray(fabric.vlans) ? (fabric.vlans as Answer[]) : []).map(vlanOf),
    })),
    subnets: subnets.map(subnetOf),
    ranges: ranges.map((range) => ({
      id: Number(range.id),
      cidr: text((range.subnet as Answer | null)?.cidr),
      type: text(range.type),
      start: spelled(text(range.start_ip)),
      end: spelled(text(range.end_ip)),
      comment: text(range.comment),
    })),
    racks: racks.map((rack) => ({
      systemId: text(rack.system_id),
      hostname: text(rack.hostname),
      fqdn: text(rack.fqdn),
    })),
  };
}

/** Whether MAAS fetches images at this time. */
export async function isImporting(client: MaasClient): Promise<boolean> {
  return (await client.get('boot-resources/?op=is_importing')) === true;
}

/** The images that MAAS has fetched, or is fetching. */
export async function syncedImages(client: MaasClient): Promise<SyncedImage[]> {
  return (await listOf(client, 'boot-resources/?type=synced')).map(imageOf);
}

async function readSetting(client: MaasClient, name: string): Promise<unknown> {
  const value = await client.get(`maas/?op=get_config&name=${name}`);
  if (name === 'http_proxy' && typeof value === 'string' && URL.canParse(value)) {
    const { password } = new URL(value);
    registerSecret(password);
    registerSecret(decodeURIComponent(password));
  }
  return value;
}

async function sourceOf(client: MaasClient, source: Answer): Promise<LiveBootSource> {
  const id = Number(source.id);
  const selections = await listOf(client, `boot-sources/${id}/selections/`);
  return {
    id,
    url: text(source.url),
    keyringFile: text(source.keyring_filename),
    selections: selections.map((selection) => ({
      id: Number(selection.id),
      os: text(selection.os),
      release: text(selection.release),
      arches: texts(selection.arches).sort(),
      subarches: texts(selection.subarches).sort(),
      labels: texts(selection.labels).sort(),
    })),
  };
}

const imageOf = (image: Answer): SyncedImage => ({
  id: Number(image.id),
  name: text(image.name),
  arch: text(image.architecture).split('/')[0] as string,
});

const namedOf = ({ id, name, description }: Answer): LiveNamed => ({
  id: Number(id),
  name: text(name),
  description: text(description),
});

const placeOf = (vlan: Answer) => ({ fabric: text(vlan.fabric), vid: Number(vlan.vid) });

function vlanOf(vlan: Answer): LiveVlan {
  const relay = vlan.relay_vlan as Answer | null;
  return {
    id: Number(vlan.id),
    ...placeOf(vlan),
    name: vlan.name === null ? null : text(vlan.name),
    mtu: Number(vlan.mtu),
    space: text(vlan.space) || 'undefined',
    dhcpOn: vlan.dhcp_on === true,
    primaryRack: text(vlan.primary_rack) || null,
    secondaryRack: text(vlan.secondary_rack) || null,
    relay: relay ? placeOf(relay) : null,
  };
}

function subnetOf(subnet: Answer): LiveSubnet {
  return {
    id: Number(subnet.id),
    cidr: text(subnet.cidr),
    name: text(subnet.name),
    description: text(subnet.description),
    vlan: placeOf(subnet.vlan as Answer),
    gateway: spelled(text(subnet.gateway_ip)) || null,
    dnsServers: texts(subnet.dns_servers).map(spelled),
    managed: subnet.managed === true,
    activeDiscovery: subnet.active_discovery === true,
    allowDns: subnet.allow_dns === true,
    allowProxy: subnet.allow_proxy === true,
  };
}
