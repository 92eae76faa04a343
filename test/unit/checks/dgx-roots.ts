import { zstdCompressSync } from 'node:zlib';
import { goodRoot, module, type Root } from './root.ts';

/** apt's sources as Ubuntu writes them from 24.04 on: deb822, and the ports archive for arm64. */
function deb822(root: Root, codename: string): Root {
  const uri =
    root.arch === 'arm64' ? 'http://ports.ubuntu.com/ubuntu-ports/' : 'http://archive.ubuntu.com/ubuntu/';
  const key = 'Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg';
  return root
    .put('usr/share/keyrings/ubuntu-archive-keyring.gpg', 'x')
    .put('etc/apt/sources.list', '# Ubuntu sources have moved to /etc/apt/sources.list.d/ubuntu.sources\n')
    .put(
      'etc/apt/sources.list.d/ubuntu.sources',
      `Types: deb\nURIs: ${uri}\nSuites: ${codename} ${codename}-updates\nComponents: main restricted universe\n${key}\n`,
    );
}

/** The replacements in 26.04: dracut, sudo-rs, cloud-init in two packages. */
function resolute(root: Root): Root {
  return deb822(root, 'resolute')
    .withoutPackage('initramfs-tools')
    .package('dracut')
    .package('cloud-init-base')
    .remove('usr/bin/sudo')
    .link('usr/bin/sudo', '/etc/alternatives/sudo')
    .link('etc/alternatives/sudo', '/usr/lib/cargo/bin/sudo')
    .put('usr/lib/cargo/bin/sudo', 'x', { mode: 0o4755 });
}

const INSTALLED = 'install ok installed';

/** Canonical's modules for one kernel: the driver's version is in Depends only (linux-restricted-modules). */
export function canonicalModules(root: Root, branch: string, driver: string, kernel: string): Root {
  const support = `nvidia-kernel-common-${branch.replace('-open', '')}`;
  return root.package(
    `linux-modules-nvidia-${branch}-${kernel}`,
    INSTALLED,
    '6.17.0-1014.14+1000',
    root.arch,
    {
      Depends: `linux-image-${kernel} | linux-image-unsigned-${kernel}, ${support} (<= ${driver}-1), ${support} (>= ${driver})`,
    },
  );
}

/** Packages of one version, `-BRANCH` at the end of each name. */
export function packages(root: Root, version: string, branch: string, ...names: string[]): Root {
  for (const name of names) root.package(`${name}${branch}`, INSTALLED, version);
  return root;
}

const USER = [
  'libnvidia-compute',
  'libnvidia-cfg1',
  'libnvidia-extra',
  'nvidia-utils',
  'nvidia-compute-utils',
  'nvidia-kernel-common',
];

const ROOTS = {
  'DGX OS 5 on DGX A100': (): Root => {
    const [driver, kernel] = ['450.203.03', '5.4.0-125-generic'];
    const root = canonicalModules(
      goodRoot({ version: '20.04', codename: 'focal', kernel, arch: 'amd64', driver: null }),
      '450-server',
      driver,
      kernel,
    );
    packages(root, `${driver}-0ubuntu0.20.04.1`, '-450-server', ...USER);
    packages(root, `${driver}-0ubuntu0.20.04.1`, '-450', 'nvidia-fabricmanager', 'libnvidia-nscq');
    // The branch before it, as focal has it.
    root.package('nvidia-utils-440-server', INSTALLED, '440.95.01-0ubuntu1', 'amd64', {
      Depends: 'nvidia-utils-450-server',
      Description: 'Transitional package for nvidia-utils-450-server',
    });
    return root
      .package('datacenter-gpu-manager', INSTALLED, '1:2.4.6')
      .package('mlnx-ofed-kernel-dkms', INSTALLED, '5.4-OFED.5.4.3.6.8.1')
      .link('var/lib/dkms/mlnx-ofed-kernel/5.4/source', '/usr/src/mlnx-ofed-kernel-5.4')
      .put(`var/lib/dkms/mlnx-ofed-kernel/5.4/${kernel}/x86_64/module/mlx5_core.ko`, 'x')
      .put(`usr/lib/modules/${kernel}/updates/dkms/mlx5_core.ko`, module('mlx5_core', kernel, '5.4-3.6.8'))
      .put(`usr/lib/modules/${kernel}/updates/dkms/nvidia.ko`, module('nvidia', kernel, driver));
  },
  'DGX OS 6 on DGX H100': (): Root => {
    const [driver, kernel] = ['550.127.08', '5.15.0-1066-nvidia'];
    const root = goodRoot({ version: '22.04', codename: 'jammy', kernel, arch: 'amd64', driver: null });
    canonicalModules(root, '550-server', driver, kernel);
    packages(root, `${driver}-0ubuntu0.22.04.1`, '-550-server', ...USER);
    packages(root, `${driver}-0ubuntu0.22.04.1`, '-550', 'nvidia-fabricmanager', 'libnvidia-nscq');
    return root
      .package(`linux-modules-nvidia-fs-${kernel}`, INSTALLED, '5.15.0-1066.67')
      .put(`usr/lib/modules/${kernel}/kernel/nvidia-fs/nvidia-fs.ko`, module('nvidia-fs', kernel, '2.19.7'))
      .put(`usr/lib/modules/${kernel}/kernel/nvidia-550srv/nvidia.ko`, module('nvidia', kernel, driver))
      .put(`usr/lib/x86_64-linux-gnu/libcuda.so.${driver}`, 'x')
      .put('etc/dgx-release', 'DGX_NAME="DGX H100"\nDGX_PLATFORM="DGX H100"\nDGX_SERIAL_NUMBER="Unknown"\n');
  },
  'DGX OS 7 on DGX B200': (): Root => {
    const [driver, kernel] = ['580.95.05', '6.8.0-85-generic'];
    const root = goodRoot({ version: '24.04', codename: 'noble', kernel, arch: 'amd64', driver: null });
    packages(root, `${driver}-1ubuntu1`, '-580', ...USER);
    packages(root, `${driver}-1ubuntu1`, '-580-open', 'nvidia-driver', 'nvidia-dkms', 'nvidia-kernel-source');
    packages(root, `${driver}-1`, '', 'nvidia-fabricmanager', 'libnvidia-nscq', 'libnvsdm');
    return root
      .package('nvlsm', INSTALLED, '2025.06.11-1')
      .package('datacenter-gpu-manager-4-cuda13', INSTALLED, '1:4.4.1-1')
      .package('nvidia-modprobe', INSTALLED, '580.82.07-1ubuntu1')
      .package('libnvidia-container1', INSTALLED, '1.17.8-1')
      .put(
        `usr/lib/modules/${kernel}/updates/dkms/nvidia.ko.zst`,
        zstdCompressSync(module('nvidia', kernel, driver)),
      )
      .put(`usr/lib/firmware/nvidia/${driver}/gsp_ga10x.bin.zst`, 'x')
      .put(`usr/lib/x86_64-linux-gnu/libcuda.so.${driver}`, 'x')
      .put('usr/local/cuda-13.0/compat/libcuda.so.580.65.06', 'x')
      .put('etc/dgx-release', 'DGX_NAME="DGX B200"\nDGX_PLATFORM="DGX B200"\nDGX_SERIAL_NUMBER="Unknown"\n');
  },
  'DGX OS 7 on DGX GB200': (): Root => {
    const [driver, kernel] = ['580.142', '6.17.0-1014-nvidia-64k'];
    const root = goodRoot({ version: '24.04', codename: 'noble', kernel, arch: 'arm64', driver: null });
    canonicalModules(root, '580-open', driver, kernel);
    packages(root, `${driver}-0ubuntu0.24.04.1`, '-580', ...USER, 'nvidia-imex');
    return root
      .package(`linux-modules-nvidia-fs-${kernel}`, INSTALLED, '6.17.0-1014.14')
      .package('datacenter-gpu-manager-4-cuda13', INSTALLED, '1:4.4.1-1')
      .put(
        `usr/lib/modules/${kernel}/kernel/nvidia-580-open/nvidia.ko.zst`,
        zstdCompressSync(module('nvidia', kernel, driver)),
      )
      .put(
        'etc/dgx-release',
        'DGX_NAME="DGX GB200"\nDGX_PLATFORM="DGX GB200"\nDGX_SERIAL_NUMBER="Unknown"\n',
      );
  },
  'DGX OS 8 on DGX B300': (): Root => {
    const [driver, kernel] = ['595.58.03', '7.0.0-1018-nvidia'];
    const root = goodRoot({ version: '26.04', codename: 'resolute', kernel, arch: 'amd64', driver: null });
    packages(
      root,
      `${driver}-1ubuntu1`,
      '',
      ...USER,
      'nvidia-dkms-open',
      'nvidia-kernel-source-open',
      'nvidia-open',
    );
    packages(root, `${driver}-1`, '', 'nvidia-fabricmanager', 'libnvidia-nscq', 'libnvsdm');
    // As resolute has it: the section of a package that only leads on.
    return root
      .package('nvidia-kernel-common-590', INSTALLED, '590.48.01-0ubuntu1', 'amd64', {
        Section: 'non-free/oldlibs',
        Depends: 'nvidia-kernel-common-595',
      })
      .package('nvidia-kernel-common-550-server', INSTALLED, '550.163.01-0ubuntu4', 'amd64', {
        Depends: 'nvidia-kernel-common-580-server',
      })
      .put(
        `usr/lib/modules/${kernel}/updates/dkms/nvidia.ko.zst`,
        zstdCompressSync(module('nvidia', kernel, driver)),
      )
      .put('etc/dgx-release', 'DGX_NAME="DGX B300"\nDGX_PLATFORM="DGX B300"\nDGX_SERIAL_NUMBER="Unknown"\n');
  },
  // NVIDIA's factory images of DGX Spark: for any system, and for a virtual machine by name.
  'DGX OS 7, neutral, on arm64': (): Root => {
    const [driver, kernel] = ['580.95.05', '6.14.0-1013-nvidia'];
    const root = goodRoot({ version: '24.04', codename: 'noble', kernel, arch: 'arm64', driver: null });
    canonicalModules(root, '580-open', driver, kernel);
    packages(root, `${driver}-0ubuntu0.24.04.2`, '-580', ...USER);
    return root
      .put(
        `usr/lib/modules/${kernel}/kernel/nvidia-580-open/nvidia.ko.zst`,
        zstdCompressSync(module('nvidia', kernel, driver)),
      )
      .put(
        'etc/dgx-release',
        'DGX_NAME="DGX Server for KVM"\nDGX_PLATFORM="DGX Server for KVM"\nDGX_SERIAL_NUMBER="Unknown"\n',
      );
  },
} as const;

/** Package names and versions of clean systems, as Ubuntu's and NVIDIA's archives have them. */
export const DGX_ROOTS: Readonly<Record<keyof typeof ROOTS, () => Root>> = {
  ...ROOTS,
  'DGX OS 7 on DGX B200': () => deb822(ROOTS['DGX OS 7 on DGX B200'](), 'noble'),
  'DGX OS 7 on DGX GB200': () => deb822(ROOTS['DGX OS 7 on DGX GB200'](), 'noble'),
  'DGX OS 8 on DGX B300': () => resolute(ROOTS['DGX OS 8 on DGX B300']()),
};

/** Profile and platform that the root of that name is judged by. */
export const JUDGED_AS: Readonly<
  Record<keyof typeof ROOTS, readonly ['dgxos5' | 'dgxos6' | 'dgxos7' | 'dgxos8', string]>
> = {
  'DGX OS 5 on DGX A100': ['dgxos5', 'dgx_a100'],
  'DGX OS 6 on DGX H100': ['dgxos6', 'dgx_h100'],
  'DGX OS 7 on DGX B200': ['dgxos7', 'dgx_b200'],
  'DGX OS 7 on DGX GB200': ['dgxos7', 'dgx_gb200'],
  'DGX OS 8 on DGX B300': ['dgxos8', 'dgx_b300'],
  'DGX OS 7, neutral, on arm64': ['dgxos7', 'dgx_spark'],
};
