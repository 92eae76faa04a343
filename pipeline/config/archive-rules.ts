import type { RawImage } from './raw-config.ts';
import { architecturesOf } from './releases/archive.ts';
import type { RuleContext } from './rule.ts';
import { dotted, type Path, type Problem, quoted } from './yaml/problem.ts';

const SOURCES = 'iso: with the installation medium, or archive: with a root and repository files';

/** An image names its source once. */
export function oneSourceIsThere(image: RawImage, path: Path, { isoElsewhere }: RuleContext): Problem[] {
  const byIso = image.iso !== undefined;
  const byArchive = image.archive !== undefined;
  if (byArchive && (byIso || isoElsewhere(String(path[1]))))
    return [
      {
        path: [...path, 'archive'],
        at: 'key',
        message: `${dotted(path)}: has ${byIso ? 'iso:' : 'an ISO from a flag or the environment'} and archive:`,
        accepts: SOURCES,
      },
    ];
  if (byIso || byArchive) return [];
  const message = `${dotted(path)}: iso or archive is missing`;
  return [{ path: [...path, 'iso'], at: 'key', message, accepts: SOURCES }];
}

/** Without a sum of its own a root is verified by a signature. */
export function rootIsVerified(image: RawImage, path: Path): Problem[] {
  const root = image.archive?.root;
  if (!root || root.sha256 !== undefined || root.keyring !== 'none') return [];
  const at: Path = [...path, 'archive', 'root', 'sha256'];
  const message = `${dotted(at)}: it is needed with keyring: none`;
  return [
    {
      path: at,
      at: 'key',
      message,
      accepts: 'the output of sha256sum, or a keyring for the signed SHA256SUMS beside the file',
    },
  ];
}

/** Each release can be installed in one way or both. */
export function releaseIsInstalledSo(image: RawImage, path: Path, { releases }: RuleContext): Problem[] {
  const release = releases.get(image.release ?? '');
  if (!release) return [];
  const wrong = (key: 'iso' | 'archive', accepts: string): Problem => ({
    path: [...path, key],
    at: 'key',
    message: `${dotted([...path, key])}: ${release.id} is not installed from ${key === 'iso' ? 'an ISO' : 'archives'}`,
    accepts,
  });
  return [
    ...(image.iso && !release.iso ? [wrong('iso', 'archive: with a root and repository files')] : []),
    ...(image.archive && !release.archive ? [wrong('archive', 'iso: with the installation medium')] : []),
  ];
}

/** `install` says nothing else than what the image is made of. */
export function installFitsTheSource(image: RawImage, path: Path): Problem[] {
  const { install = 'auto', iso, archive } = image;
  const at: Path = [...path, 'install'];
  const wrong = (accepts: string): Problem[] => [
    {
      path: at,
      at: 'value',
      message: `${dotted(at)}: ${quoted(install)} is not possible for an image with ${archive ? 'archive' : 'iso'}:`,
      accepts,
    },
  ];
  if (archive && !iso && (install === 'vm' || install === 'namespace')) return wrong('auto, archive');
  if (iso && !archive && install === 'archive') return wrong('auto, vm, namespace');
  return [];
}

export function archiveNeedsNoVm(image: RawImage, path: Path): Problem[] {
  if (!image.archive || image.pack !== 'packer-maas') return [];
  const at: Path = [...path, 'pack'];
  const message = `${dotted(at)}: ${quoted(image.pack)} needs a VM, and an image with archive: has none`;
  return [{ path: at, at: 'value', message, accepts: 'guest' }];
}

/** The packages are for the processor that the boot resource is for. */
export function architectureIsOfThePlatform(
  image: RawImage,
  path: Path,
  { releases }: RuleContext,
): Problem[] {
  const release = releases.get(image.release ?? '');
  const written = image.resource?.architecture;
  if (!release?.archive || !image.archive || written === undefined || image.platform === undefined) return [];
  const platform = Object.hasOwn(release.platforms, image.platform)
    ? release.platforms[image.platform]
    : null;
  const possible = platform ? architecturesOf(release.archive, platform) : [];
  if (!platform || possible.some((one) => written.startsWith(`${one}/`))) return [];
  const at: Path = [...path, 'resource', 'architecture'];
  return [
    {
      path: at,
      at: 'value',
      message: `${dotted(at)}: ${release.id} on ${image.platform} is not for ${quoted(written)}`,
      accepts: possible.map((one) => `${one}/generic`).join(', '),
    },
  ];
}
