import { posix } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import type { Installer, LiveCurtin, Subiquity } from '../../config/types.ts';
import { Fault } from '../../core/faults/fault.ts';
import { readText } from './extract.ts';
import type { IsoFacts } from './facts.ts';
import { grubTitles } from './grub-menu.ts';
import { findFile, type IsoFile, joinExtents, listIso } from './listing.ts';
import { listSquashfs } from './squashfs.ts';
import { readVolume } from './volume.ts';

/** The paths that a release expects on its media, by the installers that it has facts for. */
export interface KnownMedia {
  liveCurtin: LiveCurtin['medium'] | null;
  subiquity: Subiquity['medium'] | null;
}

/** The path of the live system on a medium of a kind that the release has no facts for. */
const LIVE_SQUASHFS = 'live/filesystem.squashfs';

/**
 * Looks at an ISO without mounting it: which installer it has, what it boots, which platforms it installs. Its content decides.
 * @param media what the release expects to find, and where
 * @throws Fault ISO_NOT_DGX when the file is not an ISO, or the release has no facts for the installer on it
 */
export async function probeIso(
  path: string,
  media: KnownMedia,
  options: { signal?: AbortSignal; tmp?: string } = {},
): Promise<IsoFacts> {
  const volume = await readVolume(path);
  if (!volume) throw new Fault('ISO_NOT_DGX', `${path} is not an ISO 9660 image`);
  const files = await listIso(path, options);
  const { liveCurtin } = media;
  const squashfs = findFile(files, liveCurtin?.squashfs ?? LIVE_SQUASHFS);
  const folder = posix.dirname(liveCurtin?.platformFile ?? 'curtin/x').replace(/^\/+/, '');
  const curtin = squashfs ? await listSquashfs(path, squashfs, folder, options) : [];
  const installer = installerOf(files, curtin);
  const medium =
    installer === 'live-curtin' ? liveCurtin : installer === 'subiquity' ? media.subiquity : null;
  if (!medium || installer === 'unknown') throw notThisMedium(path, volume.volumeId, files, installer, media);
  const started = (name: string): string => {
    const file = findFile(files, name);
    if (file) return file.path;
    throw new Fault(
      'ISO_NOT_DGX',
      `${path} contains no ${name}, which starts its installer, ${SHOWN[installer]}`,
    );
  };
  const grub = findFile(files, 'boot/grub/grub.cfg');
  const rootTarball = curtin.find((name) => /-root\.tar\.(xz|gz|bz2)$/.test(name));
  const platformFile = installer === 'live-curtin' ? liveCurtin?.platformFile : null;
  return {
    volumeId: volume.volumeId,
    installer,
    kernel: started(medium.kernel),
    initrd: started(medium.initrd),
    squashfs: installer === 'live-curtin' && squashfs ? squashfs.path : null,
    squashfsOffset: installer === 'live-curtin' && squashfs ? offsetOf(squashfs) : null,
    platforms: platformFile ? platformsOf(curtin, posix.basename(platformFile)) : [],
    rootTarball: rootTarball ? `${folder}/${rootTarball}` : null,
    architecture: architectureOf(files),
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
function installerOf(files: readonly IsoFile[], curtin: readonly string[]): Found {
  if (curtin.some((name) => name === 'preseed.sh' || name.endsWith('-curtin.yaml'))) return 'live-curtin';
  if (files.some((file) => /^casper\/(install-sources\.yaml|.*\.squashfs)$/i.test(file.path)))
    return 'subiquity';
  return 'unknown';
}

/** By what UEFI's firmware starts (BOOTX64.EFI, BOOTAA64.EFI), and by GRUB's modules. */
function architectureOf(files: readonly IsoFile[]): IsoFacts['architecture'] {
  const some = (pattern: RegExp) => files.some(({ path }) => pattern.test(path));
  if (some(/(?:boot|grub|shim|mm)aa64\.efi(?:;\d+)?$|^boot\/grub\/arm64-efi\//i)) return 'arm64';
  if (some(/(?:boot|grub|shim|mm)x64\.efi(?:;\d+)?$|^boot\/grub\/(?:x86_64-efi|i386-pc)\//i)) return 'amd64';
  return null;
}

type Found = Installer['installer'] | 'unknown';

const SHOWN: Record<Found, string> = {
  'live-curtin': 'curtin in a live system',
  subiquity: 'subiquity',
  unknown: 'none that is known',
};

function notThisMedium(
  path: string,
  volumeId: string,
  files: readonly IsoFile[],
  installer: Found,
  media: KnownMedia,
): Fault {
  const squashfs = files.filter((file) => /\.(squashfs|sfs)$/i.test(file.path)).map((file) => file.path);
  const top = [...new Set(files.map((file) => file.path.split('/')[0]))].sort();
  const shown = top.slice(0, 12).join(', ') + (top.length > 12 ? `, and ${top.length - 12} more` : '');
  const expected = media.liveCurtin?.squashfs;
  const missing = expected && !findFile(files, expected) ? `contains no ${expected}` : undefined;
  const wanted = Object.entries({ 'live-curtin': media.liveCurtin, subiquity: media.subiquity })
    .filter(([, medium]) => medium !== null)
    .map(([name]) => SHOWN[name as Found]);
  return new Fault(
    'ISO_NOT_DGX',
    `${path} ${missing ?? `is not a medium that installs by ${wanted.join(' or ')}`}`,
    {
      hint:
        installer === 'unknown'
          ? 'Check that `iso:` and `release:` of the image match.'
          : `Its installer is ${SHOWN[installer]}, of a different release than the configured one: see \`release:\`.`,
      detail: [
        `Its volume id is "${volumeId}", its top level: ${shown || 'empty'}.`,
        `Squashfs files in it: ${squashfs.slice(0, 12).join(', ') || 'none'}.`,
      ].join('\n'),
    },
  );
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
