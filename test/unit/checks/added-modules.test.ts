import { describe, expect, it } from 'vitest';
import type { Severity } from '../../../pipeline/image/checks/types.ts';
import { goodRoot, judged, module, type Root } from './root.ts';

/** The kernel of the good root, and another one. */
const K = '5.4.0-125-generic';
const OLD = '5.4.0-100-generic';

const finding = async (root: Root) => (await judged(root)).findings.find(({ id }) => id === 'added-modules')!;
const dkms = (root: Root, name: string, version: string, ...kernels: string[]) => {
  root.link(`var/lib/dkms/${name}/${version}/source`, `/usr/src/${name}-${version}`);
  for (const kernel of kernels) {
    root.put(`var/lib/dkms/${name}/${version}/${kernel}/x86_64/module/${name}.ko`, 'x');
    root.link(`var/lib/dkms/${name}/kernel-${kernel}-x86_64`, `${version}/${kernel}/x86_64`);
  }
  return root;
};
const log = (driver: string) =>
  `Picking NVIDIA driver sources from NVIDIA_SRC_DIR=/usr/src/nvidia-${driver}/nvidia. If\n`;

describe('added modules that do not fit', () => {
  it.each<[string, (root: Root) => Root, Severity, string, string]>([
    [
      'OFED that DKMS never built',
      (r) => dkms(r, 'mlnx-ofed-kernel', '24.10'),
      'major',
      'doca-ofed',
      'DOCA-OFED (MLNX_OFED) was built for no kernel, not for 5.4.0-125-generic, which GRUB starts',
    ],
    [
      'the source of OFED, by its package alone',
      (r) => r.package('mlnx-ofed-kernel-dkms', 'install ok installed', '24.10.OFED.24.10.0.7.0.1-1'),
      'major',
      'doca-ofed',
      'was built for no kernel',
    ],
    [
      'the source of nvidia-fs, by its package alone',
      (r) => r.package('nvidia-fs-dkms', 'install ok installed', '2.13.5~11.8.0-5~deb12u1'),
      'major',
      'nvidia-fs',
      'was built for no kernel',
    ],
    [
      'OFED that DKMS built for another kernel',
      (r) => dkms(r, 'mlnx-ofed-kernel', '24.10', OLD),
      'major',
      'doca-ofed',
      'has modules for 5.4.0-100-generic, not for',
    ],
    [
      'a package of OFED for another kernel',
      (r) =>
        r.package(
          'mlnx-ofed-kernel-modules',
          'install ok installed',
          `24.10.OFED.24.10.0.7.0.1-1.kver.${OLD}`,
        ),
      'major',
      'mlnx-ofed-kernel-modules',
      `mlnx-ofed-kernel-modules is built for ${OLD}, and GRUB starts ${K}`,
    ],
    [
      'DOCA-OFED of Canonical for another kernel',
      (r) => r.package(`linux-main-modules-doca-ofed-3.4-${OLD}`, 'install ok installed', '5.4.0-100.1'),
      'major',
      'doca-ofed',
      'has modules for 5.4.0-100-generic',
    ],
    [
      'nvidia-fs for another kernel',
      (r) => r.put(`usr/lib/modules/${OLD}/updates/dkms/nvidia-fs.ko`, module('nvidia-fs', OLD, '2.25.7')),
      'major',
      'nvidia-fs',
      'nvidia-fs (GPUDirect Storage) has modules for 5.4.0-100-generic, not for',
    ],
    [
      'a package of nvidia-fs for another kernel',
      (r) => r.package('linux-modules-nvidia-fs-5.15.0-1042-nvidia'),
      'major',
      'nvidia-fs',
      'has modules for 5.15.0-1042-nvidia',
    ],
    [
      'nvidia-fs built for another kernel in this one’s folder',
      (r) => r.put(`usr/lib/modules/${K}/updates/dkms/nvidia-fs.ko`, module('nvidia-fs', OLD, '2.25.7')),
      'warning',
      'nvidia-fs',
      `nvidia-fs in /lib/modules/${K} was built for ${OLD}`,
    ],
    [
      'nvidia-fs built with the sources of another driver',
      (r) =>
        dkms(r, 'nvidia-fs', '2.25.7', K)
          .put(`var/lib/dkms/nvidia-fs/2.25.7/${K}/x86_64/log/make.log`, log('450.119.03'))
          .package('nvidia-dkms-450-server', 'install ok installed', '450.203.03-0ubuntu0.20.04.1'),
      'major',
      'nvidia-fs',
      'was built with the sources of driver 450.119.03, and the driver is 450.203.03',
    ],
    [
      'another module of DKMS',
      (r) => dkms(r, 'knem', '1.1.4', OLD),
      'warning',
      'knem',
      `DKMS did not build knem for ${K}`,
    ],
  ])('%s', async (_what, spoil, severity, subject, text) => {
    const found = await finding(spoil(goodRoot()));
    expect(found).toMatchObject({ status: 'fail', severity, found: expect.stringContaining(text) });
    expect(found.items).toHaveLength(1);
    expect(found.items![0]!.subject).toBe(subject);
  });

  it('of two kernels are judged by the one that GRUB starts', async () => {
    const root = dkms(goodRoot(), 'mlnx-ofed-kernel', '24.10', K).put('boot/vmlinuz-5.4.0-130-generic', 'x');
    expect(await finding(root)).toMatchObject({ status: 'fail' });
    root.put('etc/default/grub', 'GRUB_DEFAULT="1>2"\n');
    expect(await finding(root)).toMatchObject({ status: 'pass' });
  });
});

describe('no alarm', () => {
  it.each<[string, (root: Root) => Root, string]>([
    ['without any', (r) => r, 'neither OFED nor nvidia-fs is installed'],
    [
      'for OFED of this kernel, with its utilities',
      (r) =>
        dkms(r, 'mlnx-ofed-kernel', '24.10', OLD, K)
          .package('mlnx-ofed-kernel-utils', 'install ok installed', `24.10-1.kver.${OLD}`)
          .package('mlnx-ofed-kernel-modules', 'install ok installed', `24.10-1.kver.${K}`),
      `DOCA-OFED (MLNX_OFED) for ${K}`,
    ],
    [
      'for the driver of the kernel’s own package',
      (r) => r.put(`usr/lib/modules/${K}/kernel/drivers/net/ethernet/mellanox/mlx5/core/mlx5_core.ko`, 'x'),
      'neither OFED nor nvidia-fs is installed',
    ],
    [
      'for the source of OFED that was removed',
      (r) => r.package('mlnx-ofed-kernel-dkms', 'deinstall ok config-files', '24.10'),
      'neither OFED',
    ],
    ['for what only loads nvidia-fs', (r) => r.package('nvidia-fs-loader'), 'neither OFED'],
    ['for the driver, which DKMS builds', (r) => dkms(r, 'nvidia', '450.203.03'), 'neither OFED'],
    [
      'for the driver by its name of the server branch',
      (r) => dkms(r, 'nvidia-srv', '450.203.03'),
      'neither OFED',
    ],
    [
      'for nvidia-fs of this driver',
      (r) =>
        dkms(r, 'nvidia-fs', '2.25.7', K)
          .put(`var/lib/dkms/nvidia-fs/2.25.7/${K}/x86_64/log/make.log`, log('srv-450.203.03'))
          .package('nvidia-dkms-450-server', 'install ok installed', '450.203.03-0ubuntu0.20.04.1'),
      `nvidia-fs (GPUDirect Storage) for ${K}`,
    ],
    [
      'for an older version that DKMS keeps beside the one it built',
      (r) => dkms(dkms(r, 'knem', '1.1.3'), 'knem', '1.1.4', K),
      'neither OFED',
    ],
  ])('%s', async (_what, change, text) => {
    expect(await finding(change(goodRoot()))).toMatchObject({
      status: 'pass',
      found: expect.stringContaining(text),
    });
  });
});
