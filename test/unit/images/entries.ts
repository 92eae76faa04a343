import type { ListedImage } from '../../../pipeline/maas/images/list-images.ts';
import type { LedgerEntry } from '../../../pipeline/workspace/ledger/ledger.ts';

export const TARGET = 'http://maas:5240/MAAS';

/** An upload that this host has noted, completed today unless a test says otherwise. */
export function noted(name: string, id: number, more: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    time: new Date().toISOString(),
    did: 'completed',
    target: TARGET,
    resourceId: id,
    name,
    architecture: 'amd64/generic',
    set: '20261122',
    sha256: String(id),
    size: 1000,
    title: '',
    baseImage: 'ubuntu/focal',
    filetype: 'tgz',
    file: '/x',
    validated: true,
    image: 'dgx1',
    ...more,
  };
}

/** An image as MAAS lists it. */
export function inMaas(name: string, id: number, more: Partial<ListedImage> = {}): ListedImage {
  return {
    id,
    name,
    title: null,
    architecture: 'amd64/generic',
    baseImage: 'ubuntu/focal',
    set: '20261122',
    size: 1000,
    sha256: String(id),
    complete: true,
    progress: null,
    sets: [],
    lastDeployed: null,
    machines: [],
    build: null,
    acceptance: null,
    ...more,
  };
}

/** One set of an image, complete unless a test says otherwise. */
export const set = (version: string, stored = 1000, complete = true) => ({
  ...{ version, stored, complete },
  size: 1000,
  sha256: version,
});
