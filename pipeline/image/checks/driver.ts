import type { ImageFacts, Kernel } from '../facts/facts.ts';
import { installed } from '../parsers/dpkg-status.ts';
import type { DriverPackage } from '../parsers/driver-packages.ts';
import { compareVersions } from '../parsers/version.ts';
import { type Check, fail, type Item, notApplicable, pass, several } from './types.ts';

/** The CUDA that a package of DCGM is built for, and the first driver that runs it (NVIDIA's guide to CUDA compatibility). */
const DCGM = /^datacenter-gpu-manager-4-cuda([0-9]{2})$/;
const LEAST_DRIVER = new Map([
  ['11', '450'],
  ['12', '525'],
  ['13', '580'],
]);

/** The consequence of a part of another version than the driver. */
const CONSEQUENCE: Readonly<Record<DriverPackage['part'], string>> = {
  'user space': 'the kernel module refuses programs (API mismatch, Xid 119)',
  'kernel module': 'it refuses programs (API mismatch, Xid 119)',
  'fabric manager': 'it does not start, and no CUDA program does',
  nscq: 'DCGM does not see the NVSwitches',
  nvsdm: 'DCGM does not see the NVSwitches',
  imex: 'no memory is shared between trays',
};

/** Parts that come in the driver's version; that no other works is not documented. */
const LESS: ReadonlySet<DriverPackage['part']> = new Set(['nvsdm', 'imex']);

/** NVIDIA's driver as a whole: each of its parts is of one version. */
export const DRIVER_CHECKS: Check[] = [
  {
    number: 63,
    id: 'driver-versions',
    title: "All parts of NVIDIA's driver are of one version",
    wrong: "parts of NVIDIA's driver do not fit each other",
    severity: 'blocker',
    why: 'Kernel module, user space, GPU firmware, fabric manager, NSCQ and IMEX of one version make a driver; NVIDIA supports no other combination. A torn one is seen on the machine only: "API mismatch", "Driver/library version mismatch", Xid 119, and a fabric manager that ends with "don\'t match with driver version".',
    fix: "Take all of it from one archive in one run of apt: either Canonical's `linux-modules-nvidia-…`, `nvidia-driver-…`, `nvidia-fabricmanager-…` and `libnvidia-nscq-…`, or NVIDIA's with `nvidia-driver-pinning-…`. Pin the version in `packages:`, and rebuild DKMS modules after it.",
    reads: /^var\/lib\/dpkg\/status$/,
    evaluate(facts) {
      const parts = partsOf(facts);
      const driver = driverOf(parts);
      const items =
        driver === null
          ? []
          : [
              ...parts.flatMap((part) => misfit(part, driver)),
              ...firmware(facts, driver.version),
              ...dcgm(facts, driver.version),
            ];
      const blind = unknown(facts, parts);
      if (items.length > 0 || (blind.length > 0 && parts.length > 0)) return fail([...items, ...blind]);
      if (driver === null) return notApplicable("no part of NVIDIA's driver is installed");
      const names = [...new Set(parts.map(({ part }) => part))];
      return pass(`${driver.version}: ${names.join(', ')}`);
    },
  },
];

/** One thing that has the driver's version. */
interface Part {
  part: DriverPackage['part'];
  /** As a waiver names it: without versions. */
  subject: string;
  /** As a text names it. */
  name: string;
  version: string;
  kernel: string | null;
}

function partsOf(facts: ImageFacts): Part[] {
  const { driver, modules } = facts;
  const kernels = bootable(facts);
  const starts = (kernel: string | null) => kernel === null || kernels.size === 0 || kernels.has(kernel);
  return [
    ...driver.packages
      .filter(({ kernel }) => starts(kernel))
      .map(({ name, part, version, kernel }) => ({
        ...{ part, version, kernel, name },
        subject: kernel ? name.slice(0, -kernel.length - 1) : name,
      })),
    ...driver.libraries.map(({ path, version }) => ({
      ...{ part: 'user space' as const, version, kernel: null, name: path },
      subject: path.slice(0, -version.length - 1),
    })),
    ...modules.added
      .filter(({ module, folder, version }) => module === 'nvidia' && version !== null && starts(folder))
      .map(({ path, version, folder }) => ({
        ...{ part: 'kernel module' as const, version: version!, kernel: folder, name: path },
        subject: 'nvidia.ko',
      })),
  ];
}

/** Kernels that can be started, by their versions. */
const bootable = ({ kernels }: Pick<ImageFacts, 'kernels'>): Set<string> =>
  new Set(kernels.filter((k: Kernel) => k.image).map((k) => k.version));

/** The version that the others are compared with: the user space, which every program is linked with; else the kernel module; else whatever most are of. */
function driverOf(parts: readonly Part[]): Part | null {
  for (const wanted of ['user space', 'kernel module'] as const) {
    const own = parts.filter(({ part }) => part === wanted);
    if (own.length > 0) return mostOf(own);
  }
  return parts.length > 0 ? mostOf(parts) : null;
}

function mostOf(parts: readonly Part[]): Part {
  const counts = new Map<string, number>();
  for (const { version } of parts) counts.set(version, (counts.get(version) ?? 0) + 1);
  const [first] = [...counts].sort(([a, x], [b, y]) => y - x || compareVersions(b, a));
  return parts.find(({ version }) => version === first![0])!;
}

function misfit({ part, subject, name, version, kernel }: Part, driver: Part): Item[] {
  if (version === driver.version) return [];
  const of = kernel && !name.includes(kernel) ? ` for ${kernel}` : '';
  const other = part === driver.part ? `${driver.name} is` : `the driver (${driver.name}) is`;
  return [
    {
      subject,
      text: `${name} is of ${version}${of}, and ${other} of ${driver.version}: ${CONSEQUENCE[part]}`,
      ...(LESS.has(part) ? { severity: 'major' as const } : {}),
    },
  ];
}

/** A module loads firmware of its own version only. Without any the driver is one that brings none. */
function firmware({ driver: { firmware: there } }: ImageFacts, version: string): Item[] {
  if (there.length === 0 || there.includes(version)) return [];
  const text = `/lib/firmware/nvidia has ${several(there)} and nothing for the driver, ${version}: no GPU starts`;
  return [{ subject: '/lib/firmware/nvidia', text }];
}

/** DCGM has versions of its own, but is built for one CUDA. */
function dcgm({ packages }: ImageFacts, driver: string): Item[] {
  return packages.flatMap((p) => {
    const least = LEAST_DRIVER.get(DCGM.exec(p.name)?.[1] ?? '');
    if (least === undefined || !installed(p) || compareVersions(driver, least) >= 0) return [];
    return [
      {
        subject: p.name,
        text: `${p.name} needs a driver of ${least} or newer, and the driver is of ${driver}: its diagnosis does not run`,
        severity: 'major' as const,
      },
    ];
  });
}

/** Modules whose version could not be read, where no package says it either. */
function unknown({ modules, kernels }: ImageFacts, parts: readonly Part[]): Item[] {
  const built = parts.some(
    ({ part, kernel, name }) => part === 'kernel module' && kernel === null && !name.startsWith('/'),
  );
  return modules.added
    .filter(({ module, version }) => module === 'nvidia' && version === null)
    .filter(({ folder }) => kernels.some((k) => k.image && k.version === folder))
    .filter(
      ({ folder }) =>
        !built && !parts.some(({ part, kernel }) => part === 'kernel module' && kernel === folder),
    )
    .map(({ path, unread }) => ({
      subject: 'nvidia.ko',
      text: `the version of ${path} was not looked at: ${unread ?? 'it does not say it'}`,
      severity: 'warning' as const,
    }));
}
