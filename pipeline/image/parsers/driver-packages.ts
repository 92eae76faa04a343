import { fieldsOf, stanzas } from './dpkg-status.ts';

/** The part of NVIDIA's driver that a package contains. */
export type DriverPart = 'user space' | 'kernel module' | 'fabric manager' | 'nscq' | 'nvsdm' | 'imex';

/** An installed package of NVIDIA's driver. */
export interface DriverPackage {
  name: string;
  part: DriverPart;
  /** Of the driver, such as 580.95.05. */
  version: string;
  /** The kernel that its modules are for; null: any, they are built on the machine, or it has none. */
  kernel: string | null;
}

/** The installed packages of NVIDIA, and the names that they stand for. */
export interface DriverPackages {
  packages: DriverPackage[];
  provides: string[];
}

const BRANCH = '(?:-[0-9]{3,4})?(?:-server)?(?:-open)?';
const KERNEL = '[0-9]+\\.[0-9]+\\.[0-9]+-[0-9]+-[a-z0-9-]+';

/**
 * Packages whose version is the driver's. Names are those of Ubuntu (nvidia-graphics-drivers, linux-restricted-modules, their control
 * files), of NVIDIA's archive for Ubuntu, from 590 on without the branch, and of Debian. nvidia-modprobe, nvidia-settings,
 * nvidia-persistenced and libnvidia-container have versions of their own: in Debian 12 they differ from the driver's.
 */
const PARTS: readonly (readonly [DriverPart, RegExp])[] = [
  [
    'user space',
    new RegExp(
      `^(?:libnvidia-(?:cfg1|common|compute|decode|encode|extra|fbc1|gl|gpucomp|ifr1)|nvidia-(?:utils|compute-utils|kernel-common|driver|headless(?:-no-dkms)?))${BRANCH}$`,
    ),
  ],
  ['user space', /^(?:libcuda1|libnvidia-ml1|nvidia-smi)$/],
  ['kernel module', new RegExp(`^nvidia-(?:dkms|kernel-source)${BRANCH}$`)],
  ['kernel module', /^nvidia-(?:open-kernel|kernel|kernel-open)-dkms$/],
  ['fabric manager', new RegExp(`^nvidia-fabricmanager${BRANCH}$`)],
  ['nscq', new RegExp(`^libnvidia-nscq${BRANCH}$`)],
  ['nvsdm', new RegExp(`^libnvsdm${BRANCH}$`)],
  ['imex', new RegExp(`^nvidia-imex${BRANCH}$`)],
];
/** Built by Canonical for one kernel; the version is the kernel's, the driver's is in Depends. */
const OF_ONE_KERNEL = new RegExp(
  `^linux-(?:main-)?modules-nvidia-[0-9]{3,4}(?:-server)?(?:-open)?-(${KERNEL})$`,
);
const SUPPORT = new RegExp(`nvidia-kernel-common${BRANCH}(?::[a-z0-9]+)? ?\\(>= ?([^) ]{1,60})\\)`);
const OURS = /^Package:[ \t]*(?:lib)?(?:nv|cuda1|linux-(?:main-)?modules-nvidia-)/;
const INSTALLED =
  /^(?:install|hold|deinstall|purge)[ \t]+ok[ \t]+(?:installed|triggers-(?:awaited|pending))$/;
const FIELDS = /^(?:Package|Status|Version|Depends|Provides|Section|Description):/;
const LONGEST_FIELD = 8000;
const MOST = 500;

/**
 * The packages of NVIDIA's driver that are installed by /var/lib/dpkg/status. Those that only lead to another branch (transitional:
 * nvidia-kernel-common-550-server 550.163.01 depends on nvidia-kernel-common-580-server) hold nothing and are left out.
 */
export function parseDriverPackages(status: string): DriverPackages {
  const found: DriverPackage[] = [];
  const provides = new Set<string>();
  for (const stanza of stanzas(status)) {
    if (found.length >= MOST) break;
    if (!stanza.some((line) => OURS.test(line.slice(0, 80)))) continue;
    const field = fieldsOf(stanza, FIELDS, LONGEST_FIELD);
    const name = (field.get('Package') ?? '').slice(0, 200);
    if (!INSTALLED.test(field.get('Status') ?? '') || leadsElsewhere(name, field)) continue;
    for (const other of names(field.get('Provides'))) if (provides.size < MOST) provides.add(other);
    const kernel = OF_ONE_KERNEL.exec(name)?.[1];
    const part = kernel ? 'kernel module' : PARTS.find(([, of]) => of.test(name))?.[0];
    const support = kernel && SUPPORT.exec(field.get('Depends') ?? '')?.[1];
    const version = driverVersion(support || (field.get('Version') ?? ''));
    if (part && version !== null) found.push({ name, part, version, kernel: kernel ?? null });
  }
  return { packages: found, provides: [...provides] };
}

/** The packages that a field names, alternatives among them. */
function names(field = ''): string[] {
  return field
    .split(/[,|]/)
    .map((one) => /^[ \t]*([a-z0-9.+-]{1,200})/.exec(one)?.[1] ?? '')
    .filter(Boolean);
}

/** 580.95.05 of 580.95.05-0ubuntu0.24.04.1 and of 580.95.05-1; null for a version that is of something else. */
export function driverVersion(version: string): string | null {
  return /^(?:[0-9]{1,3}:)?([0-9]{3,4}\.[0-9]{1,4}(?:\.[0-9]{1,4})?)(?:[-~+]|$)/.exec(version)?.[1] ?? null;
}

/** The name without its branch: nvidia-dkms of nvidia-dkms-580-open. */
const stem = (name: string): string =>
  name.replace(/-[0-9]{3,4}(?=-|$)/, '').replace(/(?:-server)?(?:-open)?$/, '');

function leadsElsewhere(name: string, field: ReadonlyMap<string, string>): boolean {
  if (/oldlibs$/.test(field.get('Section') ?? '')) return true;
  if (/\btransitional\b/i.test((field.get('Description') ?? '').slice(0, 200))) return true;
  return names(field.get('Depends')).some((other) => other !== name && stem(other) === stem(name));
}
