import type { MaasClient } from '../api/client.ts';
import { type Status, statusOf } from './status.ts';
import type { Machine } from './types.ts';

type Raw = Record<string, unknown>;

/** Reads machines as machines/ lists them. @throws Fault MAAS_PROTOCOL for an answer of another shape */
export function parseMachines(client: MaasClient, path: string, value: unknown): Machine[] {
  if (!Array.isArray(value)) throw client.notMaas(path, 'there is no list of machines in it');
  return value.map((item) => parseMachine(client, path, item));
}

/** Reads one machine, as machines/{id}/ and most operations answer. @throws Fault MAAS_PROTOCOL */
export function parseMachine(client: MaasClient, path: string, value: unknown): Machine {
  const raw = (value ?? {}) as Raw;
  const status = statusOf(Number(raw.status));
  if (typeof raw.system_id !== 'string' || typeof raw.hostname !== 'string')
    throw client.notMaas(path, 'there is no machine in it');
  if (status === undefined) throw client.notMaas(path, `a machine has the unknown status ${raw.status}`);
  return {
    systemId: raw.system_id,
    hostname: raw.hostname,
    fqdn: text(raw.fqdn) || raw.hostname,
    status: status as Status,
    statusMessage: text(raw.status_message),
    errorDescription: text(raw.error_description),
    architecture: text(raw.architecture),
    powerType: text(raw.power_type),
    powerState: text(raw.power_state) || 'unknown',
    owner: text(raw.owner) || null,
    locked: raw.locked === true,
    tags: texts(raw.tag_names),
    pool: nameOf(raw.pool),
    zone: nameOf(raw.zone),
    domain: nameOf(raw.domain),
    osystem: text(raw.osystem),
    series: text(raw.distro_series),
    bootMethod: text(raw.bios_boot_method) || null,
    mounts: mountsOf(raw),
    ipAddresses: texts(raw.ip_addresses),
    macs: list(raw.interface_set)
      .map((item) => text((item as Raw | null)?.mac_address).toLowerCase())
      .filter((mac) => mac !== ''),
    cpus: number(raw.cpu_count),
    memoryMiB: number(raw.memory),
    storageMB: number(raw.storage),
  };
}

/** The mount points of the storage layout: on disks, on their partitions, on RAIDs and volumes. */
function mountsOf(raw: Raw): string[] {
  const devices = [...list(raw.blockdevice_set), ...list(raw.virtualblockdevice_set)] as (Raw | null)[];
  const held = devices.flatMap((device) => [device, ...(list(device?.partitions) as (Raw | null)[])]);
  const points = held.map((holder) => text((holder?.filesystem as Raw | null | undefined)?.mount_point));
  return [...new Set(points.filter((point) => point !== ''))].sort();
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return list(value).filter((item): item is string => typeof item === 'string');
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function nameOf(value: unknown): string {
  return text((value as Raw | null | undefined)?.name);
}
