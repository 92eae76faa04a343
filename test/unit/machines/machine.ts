import type { Machine } from '../../../pipeline/maas/machines/types.ts';

/** A Ready machine, with what a test says differently. */
export function machine(more: Partial<Machine> = {}): Machine {
  const hostname = more.hostname ?? 'gpu01';
  return {
    systemId: `id-${hostname}`,
    hostname,
    fqdn: `${hostname}.maas`,
    status: 'ready',
    statusMessage: '',
    errorDescription: '',
    architecture: 'amd64/generic',
    powerType: 'ipmi',
    powerState: 'off',
    owner: null,
    locked: false,
    tags: [],
    pool: 'default',
    zone: 'default',
    domain: 'maas',
    osystem: '',
    series: '',
    bootMethod: 'uefi',
    mounts: ['/', '/boot/efi'],
    ipAddresses: [],
    macs: [],
    cpus: 256,
    memoryMiB: 1_048_576,
    storageMB: 3_840_000,
    ...more,
  };
}
