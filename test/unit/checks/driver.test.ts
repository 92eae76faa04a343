import { zstdCompressSync as zstd } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { requiredPackages } from '../../../pipeline/config/releases/archive.ts';
import { loadRelease } from '../../../pipeline/config/releases/load.ts';
import { canonicalModules, DGX_ROOTS, JUDGED_AS, packages } from './dgx-roots.ts';
import { goodRoot, judged, module, type Root, small } from './root.ts';

type Name = keyof typeof DGX_ROOTS;

const verdictOf = async (name: Name, root: Root = DGX_ROOTS[name](), missing: string[] = []) => {
  const [profile, platform] = JUDGED_AS[name];
  const packages = requiredPackages(await loadRelease(profile), platform);
  // Packages that the release installs beside the driver, which the root has with its versions.
  for (const one of packages ?? []) if (!named(root, one) && !missing.includes(one)) root.package(one);
  return judged(root, { profile: small(profile), platform, packages, architecture: `${root.arch}/generic` });
};
const named = (root: Root, name: string) =>
  String(root.nodes.get('var/lib/dpkg/status')!.content).includes(`Package: ${name}\n`);
const driver = async (name: Name, spoil: (root: Root) => Root) =>
  (await verdictOf(name, spoil(DGX_ROOTS[name]()))).findings.find(({ id }) => id === 'driver-versions')!;
const again = (root: Root, name: string, version: string) =>
  root.withoutPackage(name).package(name, 'install ok installed', version);

describe('a clean root', () => {
  it.each(Object.keys(DGX_ROOTS) as Name[])('of %s has no finding', async (name) => {
    const { findings } = await verdictOf(name);
    expect(
      findings.filter(({ status }) => status === 'fail').map(({ id, found }) => `${id}: ${found}`),
    ).toEqual([]);
    expect(findings.find(({ id }) => id === 'driver-versions')).toMatchObject({ status: 'pass' });
  });
});

describe('a torn driver', () => {
  it.each<[string, Name, (root: Root) => Root, string, string[]]>([
    [
      "Canonical's modules beside NVIDIA's driver of another version",
      'DGX OS 7 on DGX B200',
      (root) => canonicalModules(root, '580-open', '580.159.03', '6.8.0-85-generic'),
      'linux-modules-nvidia-580-open-6.8.0-85-generic is of 580.159.03, and the driver (libnvidia-compute-580) is of 580.95.05',
      ['linux-modules-nvidia-580-open'],
    ],
    [
      'a user space that went ahead',
      'DGX OS 7 on DGX GB200',
      (root) => again(root, 'libnvidia-compute-580', '580.173.02-1ubuntu1'),
      'libnvidia-compute-580 is of 580.173.02, and ',
      ['libnvidia-compute-580'],
    ],
    [
      'a module that was not built anew',
      'DGX OS 7 on DGX B200',
      (root) =>
        root.put(
          'usr/lib/modules/6.8.0-85-generic/updates/dkms/nvidia.ko.zst',
          zstd(module('nvidia', '6.8.0-85-generic', '580.82.07')),
        ),
      'nvidia.ko.zst is of 580.82.07',
      ['nvidia.ko'],
    ],
    [
      'only the last number of a module differs',
      'DGX OS 6 on DGX H100',
      (root) =>
        root.put(
          'usr/lib/modules/5.15.0-1066-nvidia/kernel/nvidia-550srv/nvidia.ko',
          module('nvidia', '5.15.0-1066-nvidia', '550.127.05'),
        ),
      'nvidia.ko is of 550.127.05',
      ['nvidia.ko'],
    ],
    [
      'the fabric manager',
      'DGX OS 6 on DGX H100',
      (root) => again(root, 'nvidia-fabricmanager-550', '550.127.05-0ubuntu0.22.04.1'),
      'it does not start, and no CUDA program does',
      ['nvidia-fabricmanager-550'],
    ],
    [
      'the fabric manager of another branch',
      'DGX OS 7 on DGX B200',
      (root) => again(root, 'nvidia-fabricmanager', '590.48.01-1'),
      'nvidia-fabricmanager is of 590.48.01',
      ['nvidia-fabricmanager'],
    ],
    [
      'NSCQ',
      'DGX OS 7 on DGX B200',
      (root) => again(root, 'libnvidia-nscq', '580.82.07-1'),
      'DCGM does not see the NVSwitches',
      ['libnvidia-nscq'],
    ],
    [
      'NVSDM',
      'DGX OS 8 on DGX B300',
      (root) => again(root, 'libnvsdm', '580.95.05-1'),
      'libnvsdm is of',
      ['libnvsdm'],
    ],
    [
      'IMEX',
      'DGX OS 7 on DGX GB200',
      (root) => again(root, 'nvidia-imex-580', '580.95.05-1'),
      'no memory is shared between trays',
      ['nvidia-imex-580'],
    ],
    [
      'a library that no package brings',
      'DGX OS 7 on DGX B200',
      (root) => root.put('usr/lib/x86_64-linux-gnu/libcuda.so.580.65.06', 'x'),
      '/usr/lib/x86_64-linux-gnu/libcuda.so.580.65.06 is of 580.65.06',
      ['/usr/lib/x86_64-linux-gnu/libcuda.so'],
    ],
    [
      'a library on arm64',
      'DGX OS 7 on DGX GB200',
      (root) => root.put('usr/lib/aarch64-linux-gnu/libnvidia-ml.so.580.95.05', 'x'),
      'libnvidia-ml.so.580.95.05 is of 580.95.05',
      ['/usr/lib/aarch64-linux-gnu/libnvidia-ml.so'],
    ],
    [
      'firmware of another version only',
      'DGX OS 7 on DGX B200',
      (root) =>
        root
          .remove('usr/lib/firmware/nvidia/580.95.05/gsp_ga10x.bin.zst')
          .put('usr/lib/firmware/nvidia/580.82.07/gsp_ga10x.bin', 'x'),
      '/lib/firmware/nvidia has 580.82.07 and nothing for the driver, 580.95.05',
      ['/lib/firmware/nvidia'],
    ],
    [
      'the source for DKMS',
      'DGX OS 8 on DGX B300',
      (root) => again(root, 'nvidia-dkms-open', '590.48.01-1ubuntu1'),
      'nvidia-dkms-open is of 590.48.01',
      ['nvidia-dkms-open'],
    ],
    [
      'held at an old version',
      'DGX OS 5 on DGX A100',
      (root) =>
        root
          .withoutPackage('nvidia-utils-450-server')
          .package('nvidia-utils-450-server', 'hold ok installed', '450.156.00-0ubuntu0.20.04.1'),
      'nvidia-utils-450-server is of 450.156.00',
      ['nvidia-utils-450-server'],
    ],
  ])('%s', async (what, name, spoil, text, subjects) => {
    const finding = await driver(name, spoil);
    // Packages of the driver's version that are not documented to need it.
    const severity = /NVSDM|IMEX/.test(what) ? 'major' : 'blocker';
    expect(finding).toMatchObject({ status: 'fail', severity, found: expect.stringContaining(text) });
    expect(finding.items?.map(({ subject }) => subject)).toEqual(subjects);
  });

  it('of a second kernel that can be started', async () => {
    const kernel = '6.8.0-90-generic';
    const finding = await driver('DGX OS 7 on DGX B200', (root) =>
      root
        .put(`boot/vmlinuz-${kernel}`, 'x')
        .put(`usr/lib/modules/${kernel}/updates/dkms/nvidia.ko`, module('nvidia', kernel, '580.65.06')),
    );
    expect(finding).toMatchObject({
      severity: 'blocker',
      found: expect.stringContaining(`${kernel}/updates`),
    });
  });

  it('that is waived is not found again in the next version', async () => {
    const waiver = { check: 'driver-versions', finding: 'nvidia.ko', reason: 'x', until: '2999-01-01' };
    const root = DGX_ROOTS['DGX OS 6 on DGX H100']().put(
      'usr/lib/modules/5.15.0-1066-nvidia/kernel/nvidia-550srv/nvidia.ko',
      module('nvidia', '5.15.0-1066-nvidia', '550.54.15'),
    );
    const { findings } = await judged(root, { profile: small('dgxos6'), waivers: [waiver] });
    expect(findings.find(({ id }) => id === 'driver-versions')?.status).toBe('waived');
  });
});

describe('the least that shows a torn driver', () => {
  const bare = () =>
    goodRoot({
      version: '24.04',
      codename: 'noble',
      kernel: '6.8.0-55-generic',
      arch: 'amd64',
      driver: null,
    });
  const found = async (root: Root) =>
    (await judged(root)).findings.find(({ id }) => id === 'driver-versions')!;

  it("Canonical's modules and NVIDIA's metapackage", async () => {
    const root = canonicalModules(bare(), '580-open', '580.159.03', '6.8.0-55-generic');
    root.package('nvidia-driver-580-open', 'install ok installed', '580.173.02-1ubuntu1');
    expect(await found(root)).toMatchObject({
      severity: 'blocker',
      found: expect.stringContaining('580.173.02'),
    });
  });

  it('a driver of no package at all', async () => {
    const root = bare()
      .put(
        'usr/lib/modules/6.8.0-55-generic/updates/nvidia.ko',
        module('nvidia', '6.8.0-55-generic', '580.159.03'),
      )
      .put('usr/lib/x86_64-linux-gnu/libcuda.so.580.173.02', 'x');
    expect(await found(root)).toMatchObject({
      severity: 'blocker',
      found: expect.stringContaining('580.159.03'),
    });
  });

  it('a fabric manager beside the modules only', async () => {
    const root = canonicalModules(bare(), '550-server', '550.127.08', '6.8.0-55-generic');
    root.package('nvidia-fabricmanager-550', 'install ok installed', '550.127.05-0ubuntu0.24.04.1');
    expect((await found(root)).items?.map(({ subject }) => subject)).toEqual(['nvidia-fabricmanager-550']);
  });
});

describe('DCGM', () => {
  it.each([
    ['cuda13', '550.127.08', 'major'],
    ['cuda12', '550.127.08', null],
    ['cuda11', '450.203.03', null],
    ['cuda12', '450.203.03', 'major'],
    ['cuda14', '450.203.03', null],
    ['cuda12', '525', null],
  ])('for %s with the driver %s: %s', async (cuda, version, severity) => {
    const bare = goodRoot({
      version: '22.04',
      codename: 'jammy',
      kernel: '5.15.0-1-nvidia',
      arch: 'amd64',
      driver: null,
    });
    const root = packages(bare, `${version}-0ubuntu1`, '-550-server', 'libnvidia-compute').package(
      `datacenter-gpu-manager-4-${cuda}`,
    );
    const finding = (await judged(root)).findings.find(({ id }) => id === 'driver-versions')!;
    if (severity === null)
      expect(finding.items?.some(({ subject }) => subject.startsWith('datacenter')) ?? false).toBe(false);
    else
      expect(finding).toMatchObject({
        severity,
        found: expect.stringContaining('its diagnosis does not run'),
      });
  });
});

describe('no alarm', () => {
  it.each<[string, (root: Root) => Root]>([
    [
      'for packages that were removed',
      (r) => r.package('libnvidia-compute-570', 'deinstall ok config-files', '570.86.15-0ubuntu1'),
    ],
    [
      'for libnvidia packages of other sources',
      (r) => r.package('libnvidia-egl-wayland1', 'install ok installed', '1:1.1.13-1build1'),
    ],
    [
      'for tools with a version of their own',
      (r) => r.package('nvidia-persistenced', 'install ok installed', '535.171.04-1'),
    ],
    [
      'for headers of CUDA',
      (r) => r.package('libnvidia-ml-dev', 'install ok installed', '12.0.140~12.0.1-4build4'),
    ],
    [
      'for the driver of another kernel that is not there',
      (r) => canonicalModules(r, '580-open', '580.65.06', '6.8.0-1-generic'),
    ],
    [
      'for a library of a container',
      (r) => r.put('var/lib/docker/overlay2/a/diff/usr/lib/x86_64-linux-gnu/libcuda.so.535.54.03', 'x'),
    ],
    [
      'for the links of a library',
      (r) => r.link('usr/lib/x86_64-linux-gnu/libcuda.so.1', 'libcuda.so.580.95.05'),
    ],
    [
      'for modules without a kernel',
      (r) =>
        r.put(
          'usr/lib/modules/6.8.0-1-generic/updates/dkms/nvidia.ko',
          module('nvidia', '6.8.0-1-generic', '580.65.06'),
        ),
    ],
    [
      'for modules that cannot be read: of a kernel that is not there, and others than the driver',
      (r) =>
        r
          .put('usr/lib/modules/6.8.0-1-generic/updates/dkms/nvidia.ko.xz', 'x')
          .put('usr/lib/modules/6.8.0-85-generic/updates/dkms/nvidia-uvm.ko.xz', 'x')
          .withoutPackage('nvidia-dkms-580-open')
          .withoutPackage('nvidia-kernel-source-580-open'),
    ],
  ])('%s', async (_what, change) => {
    expect(await driver('DGX OS 7 on DGX B200', change)).toMatchObject({ status: 'pass' });
  });

  it('on a root without a driver', async () => {
    const bare = goodRoot({
      version: '22.04',
      codename: 'jammy',
      kernel: '5.15.0-1-generic',
      arch: 'amd64',
      driver: null,
    });
    const of = async () =>
      (await judged(bare, { profile: small('any-ubuntu') })).findings.find(
        ({ id }) => id === 'driver-versions',
      );
    const none = { status: 'not-applicable', found: "no part of NVIDIA's driver is installed" };
    expect(await of()).toMatchObject(none);
    // Of a module alone that cannot be read nothing follows.
    bare.put('usr/lib/modules/5.15.0-1-generic/updates/dkms/nvidia.ko.xz', 'x');
    expect(await of()).toMatchObject(none);
  });
});

describe('a module that cannot be read', () => {
  const xz = 'usr/lib/modules/6.8.0-85-generic/updates/dkms/nvidia.ko';
  it.each<[string, Buffer, string]>([
    // 70 frames of 8 MiB each, in a few KB.
    ['a bomb', Buffer.concat(Array(70).fill(zstd(Buffer.alloc(8 << 20)))), 'it unpacks to too much'],
    ['a file that is damaged', Buffer.from('no zstd'), 'it is damaged'],
    ['one that says nothing', zstd(Buffer.from('x')), 'it does not say it'],
  ])(
    'as %s',
    async (_what, content, why) => {
      const finding = await driver('DGX OS 7 on DGX B200', (root) =>
        root
          .put(`${xz}.zst`, content)
          .withoutPackage('nvidia-dkms-580-open')
          .withoutPackage('nvidia-kernel-source-580-open'),
      );
      expect(finding).toMatchObject({ severity: 'warning', found: expect.stringContaining(why) });
      // Half a gigabyte is unpacked, on a loaded machine too.
    },
    120_000,
  );

  it('is said to be unread, where no package says its version', async () => {
    const finding = await driver('DGX OS 7 on DGX B200', (root) =>
      root
        .remove(`${xz}.zst`)
        .put(`${xz}.xz`, 'x')
        .withoutPackage('nvidia-dkms-580-open')
        .withoutPackage('nvidia-kernel-source-580-open'),
    );
    expect(finding).toMatchObject({
      severity: 'warning',
      found: expect.stringContaining('was not looked at: it is compressed by xz'),
      items: [{ subject: 'nvidia.ko' }],
    });
  });

  it('is not a loss where a package says it', async () => {
    expect(
      await driver('DGX OS 7 on DGX B200', (root) => root.remove(`${xz}.zst`).put(`${xz}.xz`, 'x')),
    ).toMatchObject({ status: 'pass' });
  });
});

describe('the packages of a platform', () => {
  const found = async (name: Name, missing: string[], spoil = (root: Root) => root) =>
    (await verdictOf(name, spoil(DGX_ROOTS[name]()), missing)).findings.find(
      ({ id }) => id === 'platform-packages',
    )!;

  it.each<[Name, string[]]>([
    ['DGX OS 6 on DGX H100', ['nvsm', 'nvidia-fm-enable']],
    ['DGX OS 7 on DGX GB200', ['nvidia-system-core']],
    ['DGX OS 8 on DGX B300', ['nv-persistence-mode']],
  ])('of %s: %j are missing', async (name, missing) => {
    const finding = await found(name, missing);
    expect(finding).toMatchObject({ status: 'fail', severity: 'major' });
    expect(finding.items?.map(({ subject }) => subject).sort()).toEqual([...missing].sort());
  });

  it('that were removed are missing', async () => {
    const finding = await found('DGX OS 7 on DGX B200', [], (root) =>
      root.withoutPackage('nvlsm').package('nvlsm', 'deinstall ok config-files'),
    );
    expect(finding.found).toContain('nvlsm is not installed');
  });

  it('may be there by another name', async () => {
    const finding = await found('DGX OS 7 on DGX B200', ['nvidia-fabricmanager'], (root) =>
      root
        .withoutPackage('nvidia-fabricmanager')
        .package('nvidia-fabricmanager-580', 'install ok installed', '580.95.05-1', 'amd64', {
          Provides: 'nvidia-fabricmanager',
        }),
    );
    expect(finding.status).toBe('pass');
  });

  it('are none of a neutral build', async () => {
    const name = 'DGX OS 7, neutral, on arm64';
    expect(await found(name, ['nvidia-system-core', 'nvidia-system-station'])).toMatchObject({
      status: 'not-applicable',
      found: 'a neutral build: the packages of the platform come on the machine',
    });
  });

  it('are not known of a platform that the release does not have', async () => {
    const { findings } = await judged(goodRoot(), { packages: null });
    expect(findings.find(({ id }) => id === 'platform-packages')?.status).toBe('not-applicable');
  });
});
