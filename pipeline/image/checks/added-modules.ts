import type { ImageFacts } from '../facts/facts.ts';
import { installed } from '../parsers/dpkg-status.ts';
import { type Check, failOr, type Item, several } from './types.ts';

/** Modules built beside the kernel for network cards and storage. */
interface Family {
  subject: string;
  title: string;
  /** A module that it always has, and where: mlx5_core of the kernel itself is not looked at. */
  module: string;
  /** Its name for DKMS. */
  dkms: RegExp;
  /** The package that brings its source for DKMS. */
  source: RegExp;
  /** Packages of Canonical for one kernel, which the name ends with. */
  ofOneKernel: RegExp;
  lost: string;
}

const KERNEL = '([0-9]+\\.[0-9]+\\.[0-9]+-[0-9]+-[a-z0-9-]+)$';

const FAMILIES: readonly Family[] = [
  {
    subject: 'doca-ofed',
    title: 'DOCA-OFED (MLNX_OFED)',
    module: 'mlx5_core',
    dkms: /^(?:mlnx-ofed-kernel|doca-ofed[0-9.-]*)$/,
    source: /^(?:mlnx-ofed-kernel|doca-ofed-[0-9.]+)-dkms$/,
    ofOneKernel: new RegExp(`^linux-(?:main-)?modules-doca-ofed-[0-9.]+-(?:unsigned-)?${KERNEL}`),
    lost: "it starts with the kernel's own driver: no GPUDirect RDMA of OFED, and its tools do not fit",
  },
  {
    subject: 'nvidia-fs',
    title: 'nvidia-fs (GPUDirect Storage)',
    module: 'nvidia-fs',
    dkms: /^nvidia-fs$/,
    source: /^nvidia-fs(?:-dkms)?$/,
    ofOneKernel: new RegExp(`^linux-(?:main-)?modules-nvidia-fs-(?:unsigned-)?${KERNEL}`),
    lost: 'GPUDirect Storage works in compatibility mode only, by copies in memory',
  },
];

/** Packages of OFED that are built for one kernel have it in their version: 25.01.OFED.25.01.0.6.0.1-1.kver.5.15.0-1087-azure. */
const KVER = /\.kver\.([0-9][A-Za-z0-9.+~-]{1,80})$/;
/** The driver itself, by its names for DKMS in Ubuntu and Debian: another check's matter. */
const DRIVER = /^nvidia(?:$|-(?:current|srv|open|tesla|[0-9]))/;

/** Modules beside the kernel's packages: that they are there for the kernel that starts, and fit each other. */
export const ADDED_MODULE_CHECKS: Check[] = [
  {
    number: 64,
    id: 'added-modules',
    title: 'OFED, GPUDirect Storage and other added modules fit the kernel and the driver',
    severity: 'major',
    why: 'A module is loaded only by the kernel in whose folder it lies, and only if it was built for it; nvidia-fs takes the symbols of one NVIDIA driver (its Makefile compiles with /usr/src/nvidia-VERSION). Nothing fails at the boot: InfiniBand and storage are slow, or GPUDirect is missing, which is seen in the jobs.',
    fix: 'Install kernel, headers, driver, OFED and nvidia-fs in this order, and let DKMS build for the kernel of the image: `dkms autoinstall -k VERSION`; take packages of the right kernel (`linux-modules-nvidia-fs-VERSION`), and remove other kernels.',
    reads: /^var\/lib\/dpkg\/status$/,
    evaluate(facts) {
      const start = starting(facts);
      const items = [...builtForAnother(facts), ...fsOfAnotherDriver(facts)];
      if (start !== null)
        items.push(
          ...FAMILIES.flatMap((family) => absent(facts, family, start)),
          ...packagedForAnother(facts, start),
          ...notBuilt(facts, start),
        );
      const there = FAMILIES.filter((family) => kernelsOf(facts, family).size > 0);
      return failOr(
        items,
        there.length > 0
          ? `${there.map(({ title }) => title).join(', ')} for ${start ?? 'each kernel'}`
          : 'neither OFED nor nvidia-fs is installed',
      );
    },
  },
];

/** The kernel that GRUB starts, else the only one there is. */
function starting({ boot, kernels }: ImageFacts): string | null {
  const bootable = kernels.filter((k) => k.image).map((k) => k.version);
  const chosen = boot.defaultKernel?.version;
  if (chosen !== undefined && bootable.includes(chosen)) return chosen;
  return bootable.length === 1 ? bootable[0]! : null;
}

/** Kernels that a family has modules for, by files and by packages. */
function kernelsOf(
  { modules, packages, driver }: ImageFacts,
  { module, ofOneKernel, dkms }: Family,
): Set<string> {
  const named = packages.filter(installed).flatMap(({ name }) => ofOneKernel.exec(name)?.[1] ?? []);
  const files = modules.added.filter((m) => m.module === module).map(({ folder }) => folder);
  const built = driver.dkms.filter((d) => dkms.test(d.module)).flatMap(({ kernels }) => kernels);
  return new Set([...named, ...files, ...built]);
}

/** A family that is installed, and not for the kernel that starts. */
function absent(facts: ImageFacts, family: Family, start: string): Item[] {
  const kernels = kernelsOf(facts, family);
  const registered =
    facts.driver.dkms.some(({ module }) => family.dkms.test(module)) ||
    facts.packages.some((p) => family.source.test(p.name) && installed(p));
  if (kernels.has(start) || (kernels.size === 0 && !registered)) return [];
  const of =
    kernels.size > 0
      ? `has modules for ${several([...kernels])}, not for`
      : 'was built for no kernel, not for';
  return [
    { subject: family.subject, text: `${family.title} ${of} ${start}, which GRUB starts: ${family.lost}` },
  ];
}

function packagedForAnother({ packages }: ImageFacts, start: string): Item[] {
  return packages.filter(installed).flatMap(({ name, version }) => {
    const kernel = KVER.exec(version)?.[1];
    // The utilities have the same version and do for every kernel.
    if (kernel === undefined || kernel === start || !/-modules?$/.test(name)) return [];
    return [{ subject: name, text: `${name} is built for ${kernel}, and GRUB starts ${start}` }];
  });
}

/** Modules that DKMS knows and did not build for the kernel that starts; some of it may leave that kernel out on purpose. */
function notBuilt({ driver }: ImageFacts, start: string): Item[] {
  const others = driver.dkms.filter(
    ({ module }) => !DRIVER.test(module) && !FAMILIES.some(({ dkms }) => dkms.test(module)),
  );
  const built = new Set(others.filter(({ kernels }) => kernels.includes(start)).map(({ module }) => module));
  return [...new Set(others.map(({ module }) => module))]
    .filter((module) => !built.has(module))
    .map((module) => ({
      subject: module,
      text: `DKMS did not build ${module} for ${start}, which GRUB starts`,
      severity: 'warning' as const,
    }));
}

/** A module in the folder of one kernel that was built for another: loaded only where all symbols happen to be the same. */
function builtForAnother({ modules, kernels }: ImageFacts): Item[] {
  return modules.added
    .filter(({ folder, kernel }) => kernel !== null && kernel !== folder)
    .filter(({ folder }) => kernels.some((k) => k.image && k.version === folder))
    .map(({ module, folder, kernel }) => ({
      subject: module,
      text: `${module} in /lib/modules/${folder} was built for ${kernel}: it is loaded only if every symbol is the same in both`,
      severity: module === 'nvidia' ? ('major' as const) : ('warning' as const),
    }));
}

/** By DKMS' log of nvidia-fs; the module itself does not say it. */
function fsOfAnotherDriver({ driver, kernels }: ImageFacts): Item[] {
  const versions = new Set(
    driver.packages.filter(({ part }) => part === 'kernel module').map(({ version }) => version),
  );
  return driver.fsBuilds
    .filter(({ kernel }) => kernels.some((k) => k.image && k.version === kernel))
    .filter(({ driver: built }) => versions.size > 0 && !versions.has(built))
    .map(({ kernel, driver: built }) => ({
      subject: 'nvidia-fs',
      text: `nvidia-fs for ${kernel} was built with the sources of driver ${built}, and the driver is ${several([...versions])}: the kernel may refuse it ("disagrees about version of symbol nvidia_p2p_…")`,
    }));
}
