import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixedDefaults } from '../../../pipeline/config/defaults.ts';
import { ACCEPTANCE } from '../../../pipeline/config/settings/acceptance.ts';
import { REHEARSAL } from '../../../pipeline/config/settings/rehearsal.ts';
import type { ImageConfig, LiveCurtin, Release } from '../../../pipeline/config/types.ts';
import type { RenderInput, RenderRelease } from '../../../pipeline/install/render/types.ts';

/** A tree of packer-maas' shape with values of our own. */
export const FIXTURE = fileURLToPath(new URL('../../fixtures/packer-maas', import.meta.url));

export const dgxos5 = {
  id: 'dgxos5',
  title: 'DGX OS 5',
  iso: {
    liveCurtin: {
      installer: 'live-curtin',
      upstream: { from: 'packer-maas', template: 'dgxos5/dgxos5.json', curtin: 'dgxos5/http/curtin.yaml' },
      medium: {
        kernel: 'vmlinuz',
        initrd: 'initrd',
        squashfs: 'live/filesystem.squashfs',
        platformFile: null,
        volumeIds: [],
      },
      configParameter: 'force-curtin',
      kernelParameters: ['force-platform={platform}', 'force-bootdisk={bootdisk}', 'no-mlnx-fw-update'],
      directParameters: ['boot=live', 'console=tty0', 'console=ttyS0,115200n8'],
      machineParameters: ['start-systemd-networkd'],
      typed: { before: '<down>e<end> ', after: '<f10>', bootWaitS: 3, keyIntervalMs: 100 },
      vm: { diskBytes: 9 * 1024 ** 3, memoryMiB: 2048, cpus: 8, installTimeoutS: 5400 },
      fetchWithinS: 60,
      tcgFactor: 4,
    },
    subiquity: null,
    knownIsos: [],
  },
  archive: null,
  licence: null,
  profile: 'dgxos',
  baseImage: 'ubuntu/focal',
  architecture: 'amd64/generic',
  ubuntu: { version: '20.04', codename: 'focal' },
  openPlatforms: true,
  platforms: {
    dgx1: { title: 'DGX-1', architecture: 'amd64', gpus: 8, nvswitch: false, nvlink5: false, imex: false },
  },
  defaults: { resourceName: '', title: '' },
  hook: 'curtin-hooks',
} satisfies Release as Release & { iso: { liveCurtin: LiveCurtin } };

/** The rendered files. */
export const rendered: RenderRelease = { ...dgxos5.iso.liveCurtin, hook: dgxos5.hook };

export const image: ImageConfig = {
  name: 'dgx1',
  release: 'dgxos5',
  platform: 'dgx1',
  version: '5.0',
  iso: { source: '/iso/a.iso', sha256: 'a'.repeat(64) },
  archive: {
    root: { source: null, sha256: null, keyring: null },
    repository: { source: null, sha256: null },
    lock: null,
  },
  mirrors: {},
  acceptEula: true,
  preview: false,
  install: 'vm',
  vm: {
    diskBytes: null,
    memoryMiB: null,
    cpus: null,
    accelerator: 'auto',
    headless: true,
    boot: 'direct',
    installTimeoutS: null,
  },
  packages: [],
  lateCommands: {},
  files: [],
  pack: 'guest',
  compression: 'fast',
  gzipMembers: 'many',
  resource: { name: '', title: '', architecture: '', baseImage: '' },
  upload: [],
  acceptance: fixedDefaults(ACCEPTANCE),
  rehearsal: fixedDefaults(REHEARSAL),
};

/** A complete input with the differences that a test is about. */
export function example(
  change: Omit<Partial<RenderInput>, 'image' | 'release'> & {
    image?: Partial<ImageConfig>;
    vm?: Partial<ImageConfig['vm']>;
    release?: Partial<RenderRelease>;
  } = {},
): RenderInput {
  const { vm, ...rest } = change;
  return {
    way: 'vm',
    squashfs: { path: 'live/filesystem.squashfs', offset: 10_479_616 },
    iso: { path: '/iso/a.iso', sha256: 'a'.repeat(64) },
    kernel: '/boot files/kernel',
    initrd: '/boot files/initrd',
    packerVersion: '1.6.6',
    accelerator: 'tcg',
    packerMaas: FIXTURE,
    pace: null,
    dir: join(mkdtempSync(join(tmpdir(), 'render-')), 'rendered'),
    ...rest,
    image: { ...image, ...change.image, vm: { ...image.vm, ...vm } },
    release: { ...rendered, ...change.release },
  };
}
