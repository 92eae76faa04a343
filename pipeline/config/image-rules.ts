import { ISO_ACCEPTED } from './paths.ts';
import type { RawImage } from './raw-config.ts';
import { type RuleContext, unknown } from './rule.ts';
import { dotted, type Path, type Problem, quoted } from './yaml/problem.ts';

export function releaseIsKnown(image: RawImage, path: Path, { knownReleases }: RuleContext): Problem[] {
  if (image.release === undefined || knownReleases.includes(image.release)) return [];
  return [unknown([...path, 'release'], 'release', image.release, knownReleases)];
}

/** A list that the catalogue leaves open is decided by the ISO, when it is probed. */
export function platformIsOfTheRelease(image: RawImage, path: Path, { releases }: RuleContext): Problem[] {
  const release = releases.get(image.release ?? '');
  if (!release || release.openPlatforms || image.platform === undefined) return [];
  if (Object.hasOwn(release.platforms, image.platform)) return [];
  return [
    unknown(
      [...path, 'platform'],
      `platform of ${release.id}`,
      image.platform,
      Object.keys(release.platforms),
    ),
  ];
}

export function isoHasASource(image: RawImage, path: Path, { isoElsewhere }: RuleContext): Problem[] {
  if (!image.iso || image.iso.source !== undefined || isoElsewhere(String(path[1]))) return [];
  const message = `${dotted([...path, 'iso'])}: source is missing`;
  return [{ path: [...path, 'iso', 'source'], at: 'key', message, accepts: ISO_ACCEPTED }];
}

export function filesGoToDifferentPaths(image: RawImage, path: Path): Problem[] {
  const seen = new Set<string>();
  return (image.files ?? []).flatMap((file, index): Problem[] => {
    if (file.path === undefined) return [];
    const at: Path = [...path, 'files', index, 'path'];
    if (seen.has(file.path))
      return [{ path: at, at: 'value', message: `${dotted(at)}: ${quoted(file.path)} occurs twice` }];
    seen.add(file.path);
    return [];
  });
}

/** Settings of the disk and the screen of a VM are refused without a VM. */
export function namespaceNeedsNoVm(image: RawImage, path: Path): Problem[] {
  if (image.install !== 'namespace') return [];
  const problem = (at: Path, value: string, accepts: string): Problem => ({
    path: at,
    at: 'value',
    message: `${dotted(at)}: ${quoted(value)} needs a VM, and the image says install: namespace`,
    accepts,
  });
  return [
    ...(image.pack === 'packer-maas' ? [problem([...path, 'pack'], image.pack, 'guest')] : []),
    ...(image.vm?.boot === 'typed' ? [problem([...path, 'vm', 'boot'], image.vm.boot, 'direct')] : []),
  ];
}

export function uploadsGoToTargets(image: RawImage, path: Path, { targets }: RuleContext): Problem[] {
  return (image.upload ?? []).flatMap((name, index) =>
    targets.includes(name) ? [] : [unknown([...path, 'upload', index], 'target', name, targets)],
  );
}
