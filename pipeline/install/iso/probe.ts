import { posix } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import type { IsoRelease } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { readText } from './extract.ts';
import type { IsoFacts } from './facts.ts';
import { grubTitles } from './grub-menu.ts';
import { findFile, type IsoFile, joinExtents, listIso } from './listing.ts';
import { listSquashfs } from './squashfs.ts';
import { readVolume } from './volume.ts';

/**
 * Looks at an ISO without mounting it: what it is, what it boots, which platforms it installs.
 * @param medium what the release expects to find, and where
 * @throws Fault ISO_NOT_DGX when the file is not an ISO or lacks the release's squashfs
 */
export async function probeIso(
  path: string,
  medium: IsoRelease['medium'],
  options: { signal?: AbortSignal; tmp?: string } = {},
): Promise<IsoFacts> {
  const volume = await readVolume(path);
  if (!volume) throw new Fault('ISO_NOT_DGX', `${path} is not an ISO 9660 image`);
  const files = await listIso(path, options);
  const squashfs = findFile(files, medium.squashfs);
  if (!squashfs) throw notThisMedium(path, volume.volumeId, files, medium);

  const folder = posix.dirname(medium.platformFile ?? 'curtin/x').replace(/^\/+/, '');
  const curtin = await listSquashfs(path, squashfs, folder, options);
  const grub = findFile(files, 'boot/grub/grub.cfg');
  const rootTarball = curtin.find((name) => /-root\.tar\.(xz|gz|bz2)$/.test(name));
  return {
    volumeId: volume.volumeId,
    installer: installerOf(files, curtin),
    kernel: findFile(files, medium.kernel)?.path ?? null,
    initrd: findFile(files, medium.initrd)?.path ?? null,
    squashfs: squashfs.path,
    squashfsOffset: offsetOf(squashfs),
    platforms: medium.platformFile ? platformsOf(curtin, posix.basename(medium.platformFile)) : [],
    rootTarball: rootTarball ? `${folder}/${rootTarball}` : null,
    grubEntries: grub ? grubTitles(await readText(path, grub)) : [],
  };
}

/** @param pattern a file name with {platform} in it, such as "{platform}-curtin.yaml" */
export function platformsOf(names: readonly string[], pattern: string): string[] {
  const [before = '', after = ''] = pattern.split('{platform}');
  return names
    .filter((name) => name.length > before.length + after.length)
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((name) => name.slice(before.length, name.length - after.length))
    .sort();
}

function offsetOf(file: IsoFile): number | null {
  const [first, ...more] = joinExtents(file.extents);
  return first && more.length === 0 ? first.offset : null;
}

/** live-boot with curtin brings /curtin in its squashfs; subiquity brings its layers in casper/. */
function installerOf(files: readonly IsoFile[], curtin: readonly string[]): IsoFacts['installer'] {
  if (curtin.some((name) => name === 'preseed.sh' || name.endsWith('-curtin.yaml'))) return 'live-curtin';
  if (files.some((file) => /^casper\/(install-sources\.yaml|.*\.squashfs)$/i.test(file.path)))
    return 'subiquity';
  return 'unknown';
}

function notThisMedium(
  path: string,
  volumeId: string,
  files: readonly IsoFile[],
  medium: IsoRelease['medium'],
): Fault {
  const squashfs = files.filter((file) => /\.(squashfs|sfs)$/i.test(file.path)).map((file) => file.path);
  const top = [...new Set(files.map((file) => file.path.split('/')[0]))].sort();
  const shown = top.slice(0, 12).join(', ') + (top.length > 12 ? `, and ${top.length - 12} more` : '');
  return new Fault('ISO_NOT_DGX', `${path} contains no ${medium.squashfs}`, {
    hint:
      installerOf(files, []) === 'subiquity' && medium.installer !== 'subiquity'
        ? 'This is a subiquity installer, of a different release than the configured one: see `release:`.'
        : 'Check that `iso:` and `release:` of the image match.',
    detail: [
      `Its volume id is "${volumeId}", its top level: ${shown || 'empty'}.`,
      `Squashfs files in it: ${squashfs.join(', ') || 'none'}.`,
    ].join('\n'),
  });
}

/**
 * Makes sure that the medium installs the platform. A subiquity medium names none: its one installer is for all.
 * @throws Fault PLATFORM_UNKNOWN with those that it has
 */
export function assertPlatform(facts: IsoFacts, platform: string): void {
  const { platforms } = facts;
  if (platforms.includes(platform)) return;
  if (platforms.length === 0) {
    if (facts.installer !== 'live-curtin') return;
    throw new Fault('PLATFORM_UNKNOWN', `The ISO has no platforms, so it cannot install "${platform}"`);
  }
  const near = closest(plain(platform), platforms.map(plain));
  const meant = platforms.find((name) => plain(name) === near);
  const close = distance(plain(platform), near) <= Math.max(1, Math.floor(platform.length / 3));
  throw new Fault('PLATFORM_UNKNOWN', `The ISO does not install the platform "${platform}"`, {
    hint: `${close ? `Did you mean "${meant}"? ` : ''}It has: ${platforms.join(', ')}.`,
  });
}

/** "DGX-A100" and "dgx_a100" are the same slip of the pen. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}
