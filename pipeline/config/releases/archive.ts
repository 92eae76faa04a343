import { Fault } from '../../core/faults/fault.ts';
import type { Architecture, ArchivePlatform, ArchiveRelease, Platform, Release } from '../types.ts';
import { quoted } from '../yaml/problem.ts';

/** The part `archive` as a release's file has it. */
export interface RawArchive extends Omit<ArchiveRelease, 'preview' | 'parts' | 'platforms'> {
  preview?: boolean;
  parts: Record<string, { packages: string[]; services?: string[] }>;
  platforms: Record<string, Partial<ArchivePlatform> & { parts: string[] }>;
}

/**
 * With what the file leaves out.
 * @param platforms those of the release
 * @throws Fault CONFIG_INVALID for a platform or a part that is not there
 */
export function archiveWithDefaults(
  written: RawArchive,
  platforms: readonly string[],
  file: string,
): ArchiveRelease {
  for (const [name, { parts }] of Object.entries(written.platforms)) {
    const missing = parts.find((part) => !Object.hasOwn(written.parts, part));
    if (missing !== undefined)
      throw notThere(file, `archive.parts has no ${quoted(missing)}, which ${name} names`);
    if (!platforms.includes(name)) throw notThere(file, `${quoted(name)} is not among its platforms`);
  }
  return {
    ...written,
    preview: written.preview ?? false,
    parts: mapped(written.parts, (part) => ({ ...part, services: part.services ?? [] })),
    platforms: mapped(written.platforms, (platform) => ({
      kernel: platform.kernel ?? written.kernel,
      packages: platform.packages ?? [],
      parts: platform.parts,
    })),
  };
}

function notThere(file: string, what: string): Fault {
  return new Fault('CONFIG_INVALID', `${file}: ${what}`);
}

function mapped<A, B>(record: Record<string, A>, to: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));
}

/** The installation for one platform, in its order; no package twice. */
export interface ArchivePackages {
  /** Before everything else. */
  first: string[];
  kernel: string;
  /** {architecture} stands in their names. */
  boot: string[];
  packages: string[];
  purge: string[];
  /** Units that are enabled where they are there. */
  services: string[];
}

/**
 * The packages that a release installs on a platform.
 * @throws Fault PLATFORM_UNKNOWN for a platform that it has no packages for
 */
export function packagesOf(archive: ArchiveRelease, platform: string): ArchivePackages {
  const row = Object.hasOwn(archive.platforms, platform) ? archive.platforms[platform] : undefined;
  if (!row)
    throw new Fault('PLATFORM_UNKNOWN', `There are no packages for platform ${quoted(platform)}`, {
      hint: `It has: ${Object.keys(archive.platforms).join(', ')}.`,
    });
  const parts = row.parts.map((part) => archive.parts[part]!);
  return {
    first: archive.first,
    kernel: row.kernel,
    boot: archive.boot,
    packages: [
      ...new Set([...archive.packages, ...row.packages, ...parts.flatMap(({ packages }) => packages)]),
    ],
    purge: archive.purge,
    services: [...new Set(parts.flatMap(({ services }) => services))],
  };
}

/** Packages that are on a platform however the release was installed, the kernel's apart; null where the release does not say them. */
export function requiredPackages({ archive }: Release, platform: string | null): string[] | null {
  const known = archive && platform !== null && Object.hasOwn(archive.platforms, platform);
  return known ? packagesOf(archive, platform).packages : null;
}

/** The architectures that a platform can be installed for: its processor's, or any that the release has an archive for. */
export function architecturesOf(archive: ArchiveRelease, platform: Platform): Architecture[] {
  const available = Object.keys(archive.sources) as Architecture[];
  return platform.architecture === null
    ? available
    : available.filter((one) => one === platform.architecture);
}
