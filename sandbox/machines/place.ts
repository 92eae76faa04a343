import type { SandboxContext } from '../context.ts';
import { API } from '../route.ts';
import type { Machine } from './state.ts';

/** The part of the region that machines need: their pools, zones and domains, and the settings that act on them. */

const siteOf = (world: SandboxContext) => world.store.state.site;

export const zoneOf = (world: SandboxContext, name: string) =>
  siteOf(world).zones.find((zone) => zone.name === name);
export const poolOf = (world: SandboxContext, name: string) =>
  siteOf(world).pools.find((pool) => pool.name === name);

/** MAAS takes a domain by name or by id. */
export const domainOf = (world: SandboxContext, wanted: string) =>
  siteOf(world).domains.find((domain) => domain.name === wanted || String(domain.id) === wanted);

export const defaultDomain = (world: SandboxContext): number => siteOf(world).defaultDomain;

/** Names for what a machine holds as ids; something deleted since counts as the default. */
export function namesOf(world: SandboxContext, machine: Machine) {
  const { zones, pools, domains } = siteOf(world);
  const one = <T extends { id: number }>(all: T[], id: number) =>
    all.find((item) => item.id === id) ?? (all[0] as T);
  return {
    zone: one(zones, machine.zone),
    pool: one(pools, machine.pool),
    domain: one(domains, machine.domain),
  };
}

export const fqdnOf = (world: SandboxContext, machine: Machine) =>
  `${machine.hostname}.${namesOf(world, machine).domain.name}`;

/** The same as the region's own answers have it. */
export function showPlace(world: SandboxContext, machine: Machine) {
  const { zone, pool, domain } = namesOf(world, machine);
  return {
    domain: {
      authoritative: domain.authoritative,
      ttl: domain.ttl,
      is_default: domain.id === defaultDomain(world),
      name: domain.name,
      resource_record_count: 0,
      id: domain.id,
      resource_uri: `${API}domains/${domain.id}/`,
    },
    zone: {
      name: zone.name,
      description: zone.description,
      id: zone.id,
      resource_uri: `${API}zones/${zone.name}/`,
    },
    pool: {
      name: pool.name,
      description: pool.description,
      id: pool.id,
      resource_uri: `${API}resourcepool/${pool.id}/`,
    },
  };
}

/** One of MAAS' settings, or what it is when nobody has set it. */
export function setting(world: SandboxContext, name: string, otherwise: string): string {
  const { settings } = siteOf(world);
  const value = Object.hasOwn(settings, name) ? settings[name] : undefined;
  return value === undefined || value === null ? otherwise : String(value);
}

export const commissioningSeries = (world: SandboxContext) =>
  setting(world, 'commissioning_distro_series', 'jammy');
export const defaultSeries = (world: SandboxContext) => setting(world, 'default_distro_series', 'jammy');
export const defaultLayout = (world: SandboxContext) => setting(world, 'default_storage_layout', 'flat');

/** The public keys that MAAS gives a machine of this user. */
export const sshKeysOf = (world: SandboxContext, user: string | null): string[] =>
  siteOf(world)
    .sshKeys.filter((key) => key.user === user)
    .map((key) => key.key);

/** The VLAN and subnet that machines boot from: where DHCP is on, else the first. */
export function network(world: SandboxContext) {
  const { vlans, subnets } = siteOf(world);
  const vlan = vlans.find((one) => one.dhcp_on) ?? vlans[0];
  return { vlan, subnet: subnets.find((one) => one.vlan === vlan?.id) };
}

/** An address for a machine that is deployed, counted on from 100 within the subnet. */
export function nextAddress(world: SandboxContext): string {
  const number = 99 + world.store.state.machines.next.address++;
  const [a = 192, b = 168, c = 1] = network(world).subnet?.cidr.split(/[./]/).map(Number) ?? [];
  return `${a}.${b}.${(c + Math.floor(number / 254)) % 256}.${(number % 254) + 1}`;
}
