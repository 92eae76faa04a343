import { expect, test } from 'vitest';
import { artifactManifest, type ManifestSource } from '../../../pipeline/image/pack/manifest.ts';
import { goodRoot, inspect } from '../checks/root.ts';

const pinned = { sha256: 'a', size: 1, source: 'x' };

async function inputs(origin: object, members: 'many' | 'single' = 'many') {
  return (await manifest(origin, members)).inputs;
}

async function manifest(origin: object, members: 'many' | 'single', packed: object = {}) {
  const source = {
    image: { name: 'x', compression: 'fast', members },
    origin: {
      ...{ iso: null, archive: null, pack: 'guest', build: { tools: {}, boot: null } },
      rendered: { files: [], settings: {}, way: 'vm', accelerator: null },
      ...origin,
    },
    packed: { path: '/x.tar.gz', facts: await inspect(await goodRoot().tar()), ...packed },
  } as unknown as ManifestSource;
  return JSON.parse(artifactManifest(source));
}

const COMMON = {
  ...{ rendered: [], settings: {}, install: 'vm', boot: null, accelerator: null },
  ...{ pack: 'guest', compression: 'fast' },
};

test('a manifest has the medium or the files of the archive, and no empty member for the other', async () => {
  expect(await inputs({ iso: { medium: pinned, facts: { volumeId: 'DGX' } } })).toEqual({
    ...COMMON,
    iso: { sha256: 'a', size: 1, volumeId: 'DGX' },
  });
  expect(await inputs({ archive: { root: pinned, repository: pinned, architecture: 'arm64' } })).toEqual({
    ...COMMON,
    root: { sha256: 'a', size: 1 },
    repository: { sha256: 'a', size: 1 },
    architecture: 'arm64',
  });
});

test('a manifest names the form of the gzip where it is not the usual one', async () => {
  expect(await inputs({})).toEqual(COMMON);
  expect(await inputs({}, 'single')).toEqual({ ...COMMON, gzipMembers: 'single' });
});

test('a manifest lists the members of the gzip, where they are known', async () => {
  const members = [
    { bytes: 20, tarBytes: 10_240, sha256: 'a'.repeat(64) },
    { bytes: 21, tarBytes: 512, sha256: 'b'.repeat(64) },
  ];
  expect((await manifest({}, 'many', { members })).artifact.members).toEqual([
    `20 10240 ${'a'.repeat(64)}`,
    `21 512 ${'b'.repeat(64)}`,
  ]);
  expect((await manifest({}, 'single')).artifact).not.toHaveProperty('members');
});
