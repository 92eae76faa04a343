import { expect, it } from 'vitest';
import { loadRelease } from '../../../pipeline/config/releases/load.ts';
import { labelsOf } from '../../../pipeline/nightly/labels.ts';

const { signal } = new AbortController();
const NO_ARCHIVE = { root: { source: null }, repository: { source: null } };

it.each([
  [
    { install: 'vm', vm: { accelerator: 'kvm' } },
    { capability: 'kvm', holdsIso: true },
  ],
  [{ install: 'vm', vm: { accelerator: 'tcg' } }, { capability: 'tcg' }],
  [{ install: 'namespace', vm: { accelerator: 'auto' } }, { capability: 'namespace' }],
  [{ iso: { source: 'https://cache.example/a.iso?token=1' } }, { holdsIso: false }],
  [{ iso: { source: 'file:///srv/a.iso' } }, { holdsIso: true }],
  [{ resource: { architecture: 'arm64/generic' } }, { architecture: 'arm64' }],
  [
    {
      archive: { root: { source: 'https://h/root.tar.gz' }, repository: { source: 'https://h/files.tgz' } },
      resource: { architecture: 'arm64/generic' },
    },
    { capability: 'namespace', holdsIso: false, architecture: 'arm64' },
  ],
  [
    { archive: { root: { source: 'https://h/root.tar.gz' }, repository: { source: '/srv/files.tgz' } } },
    { capability: 'namespace', holdsIso: true },
  ],
])('%j needs a builder of %j', async (more, labels) => {
  const image = {
    ...{
      install: 'auto',
      pack: 'guest',
      vm: { accelerator: 'tcg' },
      iso: { source: '/srv/a.iso' },
      archive: NO_ARCHIVE,
    },
    resource: { architecture: 'amd64/generic' },
    ...more,
  } as never;
  expect(await labelsOf({ image, release: await loadRelease('demo'), signal })).toMatchObject(labels);
});

it('a setting auto means a way that this host has', async () => {
  const image = {
    ...{
      install: 'auto',
      pack: 'guest',
      vm: { accelerator: 'auto' },
      iso: { source: '/srv/a.iso' },
      archive: NO_ARCHIVE,
    },
    resource: { architecture: 'amd64/generic' },
  } as never;
  const { capability } = await labelsOf({ image, release: await loadRelease('demo'), signal });
  expect(['kvm', 'tcg', 'namespace']).toContain(capability);
});
