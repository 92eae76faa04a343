import { parseDuration } from '../../config/units.ts';
import type { Path, Problem } from '../../config/yaml/problem.ts';
import { readText } from '../../config/yaml/read-text.ts';
import { Fault } from '../../core/faults/fault.ts';
import { parseCidr, spelled } from './address.ts';
import { absolute } from './paths.ts';
import { keyProblem } from './public-key.ts';
import type { RawDhcp, RawKey, RawNamed, RawSite, RawSubnet } from './raw-site.ts';
import { regionSettings } from './region-settings.ts';
import { wrong } from './rules/rule.ts';
import type { Dhcp, Site, SshKey, Subnet } from './site.ts';

const TWO_HOURS_S = 7200;

/**
 * The site that a valid file means.
 * @param base folder that paths are relative to
 * @param problems gets what is wrong with files that it names
 */
export async function resolveSite(
  asWritten: RawSite,
  base: string,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
): Promise<Site> {
  const written = trimmed(asWritten);
  const sshKeys = written.ssh_keys && (await keysOf(written.ssh_keys, base, problems));
  const named = (items: RawNamed[] | undefined, section: string) =>
    items?.map((item, index) => ({ ...item, path: [section, index] }));
  return {
    settings: await regionSettings(written.region ?? {}, base, env, problems),
    ...(sshKeys && { sshKeys }),
    ...(written.boot_sources && { bootSources: bootSourcesOf(written.boot_sources) }),
    import: {
      wait: written.import?.wait ?? true,
      timeoutS: parseDuration(written.import?.timeout ?? '') ?? TWO_HOURS_S,
    },
    spaces: named(written.spaces, 'spaces'),
    zones: named(written.zones, 'zones'),
    pools: named(written.pools, 'pools'),
    tags: written.tags?.map(({ kernel_options, ...tag }, index) => ({
      ...tag,
      kernelOptions: kernel_options,
      path: ['tags', index],
    })),
    domains: written.domains?.map((domain, index) => ({ ...domain, path: ['domains', index] })),
    fabrics: written.fabrics?.map(({ name, vlans }, f) => ({
      name,
      path: ['fabrics', f],
      vlans: vlans?.map(({ dhcp, ...vlan }, v) => {
        const path = ['fabrics', f, 'vlans', v];
        return { ...vlan, path, dhcp: dhcp && dhcpOf(dhcp, [...path, 'dhcp']) };
      }),
    })),
    subnets: written.subnets?.map((subnet, index) => subnetOf(subnet, ['subnets', index])),
    prune: new Set(written.prune),
  } as Site;
}

/** MAAS' forms take white space from both ends of every text. */
function trimmed<T>(value: T): T {
  if (typeof value === 'string') return value.trim() as T;
  if (Array.isArray(value)) return value.map(trimmed) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, trimmed(member)])) as T;
}

async function keysOf(items: RawKey[], base: string, problems: Problem[]): Promise<SshKey[]> {
  const keys: SshKey[] = [];
  for (const [index, item] of items.entries()) {
    const path = ['ssh_keys', index];
    if ('import' in item) keys.push({ key: null, source: item.import, path });
    else if ('key' in item) keys.push({ key: item.key.trim(), source: null, path });
    else
      for (const key of await keysOfFile(item.file, base, [...path, 'file'], problems))
        keys.push({ key, source: null, path });
  }
  return keys;
}

/** The lines of a .pub or authorized_keys file that are keys. */
async function keysOfFile(file: string, base: string, path: Path, problems: Problem[]): Promise<string[]> {
  let text: string;
  try {
    text = await readText(absolute(file, base));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    problems.push(wrong(path, error.message, 'a file with public keys, one a line'));
    return [];
  }
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line && !line.startsWith('#'));
  const why = keys.length
    ? keyProblem(/PRIVATE KEY/.test(text) ? text : (keys.find(keyProblem) ?? keys[0]!))
    : 'it is empty';
  if (why === undefined) return keys;
  problems.push(wrong(path, `${file}: ${why}`, 'a file with public keys, one a line'));
  return [];
}

function bootSourcesOf(items: NonNullable<RawSite['boot_sources']>): Site['bootSources'] {
  return items.map(({ url, keyring_file, selections }, s) => ({
    url,
    keyringFile: keyring_file,
    path: ['boot_sources', s],
    selections: selections?.map(
      ({ os = 'ubuntu', release, arches = ['amd64'], subarches = ['*'], labels = ['*'] }, index) => ({
        os,
        release,
        arches: [...arches].sort(),
        subarches: [...subarches].sort(),
        labels: [...labels].sort(),
        path: ['boot_sources', s, 'selections', index],
      }),
    ),
  }));
}

function dhcpOf(dhcp: RawDhcp, path: Path): Dhcp {
  if (dhcp.enabled === false) return { kind: 'off', path };
  if (dhcp.relay) return { kind: 'relayed', fabric: dhcp.relay.fabric, vid: dhcp.relay.vlan, path };
  return { kind: 'served', rack: dhcp.rack ?? null, secondaryRack: dhcp.secondary_rack ?? null, path };
}

function subnetOf(subnet: RawSubnet, path: Path): Subnet {
  const { gateway, dns_servers, fabric, dhcp, ranges } = subnet;
  return {
    path,
    cidr: parseCidr(subnet.cidr)?.text ?? subnet.cidr,
    vlan: fabric === undefined ? null : { fabric, vid: subnet.vlan ?? 0 },
    name: subnet.name,
    description: subnet.description,
    gateway: gateway === undefined ? undefined : gateway === 'none' ? null : spelled(gateway),
    dnsServers: dns_servers?.map(spelled),
    managed: subnet.managed,
    activeDiscovery: subnet.active_discovery,
    allowDns: subnet.allow_dns,
    allowProxy: subnet.allow_proxy,
    dhcp: dhcp && dhcpOf(dhcp, [...path, 'dhcp']),
    ranges: ranges?.map((range, index) => ({
      ...range,
      start: spelled(range.start),
      end: spelled(range.end),
      path: [...path, 'ranges', index],
    })),
  };
}
