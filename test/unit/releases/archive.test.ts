import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { architecturesOf, packagesOf } from '../../../pipeline/config/releases/archive.ts';
import { archiveOf, listReleases, loadRelease } from '../../../pipeline/config/releases/load.ts';
import { parseRelease } from '../../../pipeline/config/releases/parse-release.ts';
import { loadPlatforms, parsePlatforms } from '../../../pipeline/config/releases/platforms.ts';
import { packageRoot } from '../../../pipeline/host/process/package-root.ts';

const ARCHIVES = (await listReleases()).filter(({ archive }) => archive !== null);
const of = async (release: string, platform: string) =>
  packagesOf(archiveOf(await loadRelease(release)), platform);

describe('the packages that an archive installs', () => {
  // Compared with roles/nvidia-dgx/vars/ubuntu-24.04.yml and ubuntu-22.04.yml of NVIDIA/deepops, 3957a42f.
  it('is for DGX OS 7 on H100 what NVIDIA names, with the fabric manager', async () => {
    expect(await of('dgxos7', 'dgx_h100')).toEqual({
      first: ['nvidia-driver-pinning-580'],
      kernel: 'linux-generic',
      boot: ['grub-efi-{architecture}', 'grub-efi-{architecture}-signed', 'shim-signed', 'efibootmgr'],
      packages: [
        ...['nvidia-system-core', 'nvidia-system-utils', 'nvidia-system-extra', 'nvidia-peermem-loader'],
        ...['linux-tools-generic', 'nvidia-driver-580-open', 'libnvidia-nscq', 'nvidia-modprobe'],
        ...['datacenter-gpu-manager-4-cuda13', 'nv-persistence-mode', 'nvidia-fabricmanager'],
      ],
      purge: ['unattended-upgrades'],
      services: ['nvidia-persistenced.service', 'nvidia-dcgm.service', 'nvidia-fabricmanager.service'],
    });
  });

  it.each([
    ['dgx_b200', ['nvidia-fabricmanager', 'nvlsm', 'libnvsdm'], ['nvidia-imex']],
    ['dgx_b300', ['nvidia-fabricmanager', 'nvlsm', 'libnvsdm'], ['nvidia-imex']],
    ['dgx_a100', ['nvidia-fabricmanager'], ['nvlsm', 'nvidia-imex', 'nvidia-system-station']],
    ['dgx_gb200', ['nvidia-imex'], ['nvidia-fabricmanager', 'nvlsm']],
    ['dgx_gb300', ['nvidia-imex'], ['nvidia-fabricmanager', 'nvlsm']],
    ['dgx_spark', ['nvidia-system-station', 'linux-tools-nvidia-hwe-24.04'], ['nvidia-fabricmanager']],
    ['dgx_station_a100', ['nvidia-system-station'], ['nvidia-fabricmanager', 'nvidia-imex']],
    ['neutral', ['nvidia-driver-580-open'], ['nvidia-fabricmanager', 'nvidia-imex', 'nvlsm']],
  ])('dgxos7 on %s', async (platform, has, hasNot) => {
    const { packages } = await of('dgxos7', platform);
    expect(packages).toEqual(expect.arrayContaining(has));
    expect(packages.filter((name) => hasNot.includes(name))).toEqual([]);
  });

  it.each([
    ['dgx1', ['dgx1-system-configurations', 'nvsm'], ['nvidia-fabricmanager-550', 'nvidia-utils-550-server']],
    ['dgx2', ['dgx2-system-tools', 'nvidia-fabricmanager-550', 'nvidia-fm-enable'], ['nvfwupd']],
    ['dgx_a100', ['dgx-a100-system-tools-extra', 'nvidia-utils-550-server'], ['nvfwupd']],
    ['dgx_h200', ['dgx-h200-system-configurations', 'nvfwupd', 'nvidia-utils-550-server'], []],
  ])('dgxos6 on %s', async (platform, has, hasNot) => {
    const { packages, kernel } = await of('dgxos6', platform);
    expect(kernel).toBe('linux-nvidia');
    expect(packages).toEqual(expect.arrayContaining(has));
    expect(packages.filter((name) => (hasNot as string[]).includes(name))).toEqual([]);
  });

  it('has a kernel of its own where the platform needs one', async () => {
    expect((await of('dgxos7', 'dgx_gb200')).kernel).toBe('linux-nvidia-64k-hwe-24.04');
    expect((await of('dgxos7', 'dgx_spark')).kernel).toBe('linux-nvidia-hwe-24.04');
  });

  it('is for one system only, or for any that the release has an archive for', async () => {
    const archive = archiveOf(await loadRelease('dgxos7'));
    const on = (name: string) => architecturesOf(archive, loadPlatforms().get(name)!);
    expect(on('dgx_gb300')).toEqual(['arm64']);
    expect(on('dgx_b300')).toEqual(['amd64']);
    expect(on('neutral')).toEqual(['amd64', 'arm64']);
  });

  it('names a platform that it does not have, with those that it has', async () => {
    await expect(of('dgxos7', 'dgx1')).rejects.toMatchObject({
      code: 'PLATFORM_UNKNOWN',
      hint: expect.stringContaining('dgx_gb200'),
    });
    await expect(of('dgxos7', 'constructor')).rejects.toMatchObject({ code: 'PLATFORM_UNKNOWN' });
  });
});

describe('the catalogue', () => {
  it('holds DGX OS 6, 7 and 8, and only 8 is a preview', () => {
    expect(ARCHIVES.map(({ id, archive }) => [id, archive?.preview])).toEqual([
      ['demo-archive', false],
      ['dgxos6', false],
      ['dgxos7', false],
      ['dgxos8', true],
    ]);
  });

  it('asks for a licence where something is NVIDIA’s', async () => {
    for (const { id, title, licence } of await listReleases())
      expect(licence !== null, id).toBe(title.startsWith('NVIDIA') || id === 'demo-archive');
  });

  // The fabric manager where there are NVSwitches, the subnet manager where they are of NVLink 5, IMEX where memory is shared.
  it.each(ARCHIVES.map((release) => [release.id, release] as const))(
    '%s: packages fit what each system is',
    (_id, { archive, platforms }) => {
      expect(Object.keys(archive!.platforms)).toEqual(Object.keys(platforms));
      for (const [name, system] of Object.entries(platforms)) {
        const { packages } = packagesOf(archive!, name);
        const some = (word: string) => packages.some((one) => one.startsWith(word));
        expect([name, some('nvidia-fabricmanager')]).toEqual([name, system.nvswitch]);
        expect([name, some('nvidia-imex')]).toEqual([name, system.imex]);
        expect([name, some('nvlsm')]).toEqual([name, system.nvlink5]);
        expect(architecturesOf(archive!, system), name).not.toEqual([]);
      }
    },
  );

  it('says the GPUs of a system once', () => {
    const gpus = [...loadPlatforms()].flatMap(([name, { gpus }]) => (gpus === null ? [] : [[name, gpus]]));
    expect(Object.fromEntries(gpus)).toMatchObject({
      dgx1: 8,
      dgx2: 16,
      dgx_b300: 8,
      dgx_gb200: 4,
      dgx_spark: 1,
    });
  });

  it('refuses a part or a platform that is not there, and a system with an unknown key', async () => {
    const text = await readFile(join(packageRoot(), 'templates/releases/dgxos7.yaml'), 'utf8');
    const broken = (from: string, to: string) => () => parseRelease('x', 'x.yaml', text.replace(from, to));
    expect(broken('[driver, fabric]', '[driver, fabrik]')).toThrow('archive.parts has no "fabrik"');
    expect(broken('  - dgx_h100\n', '')).toThrow('"dgx_h100" is not among its platforms');
    expect(broken('  - dgx_h100\n', '  - dgx_x100\n')).toThrow(
      '"dgx_x100" is not in templates/platforms.yaml',
    );
    expect(() => parsePlatforms('p.yaml', 'a: { title: A, gpu: 8 }\n')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', where: expect.objectContaining({ file: 'p.yaml' }) }),
    );
  });
});
