import { ISO_ACCEPTED, isIsoSource } from './paths.ts';
import type { RawImage } from './raw-config.ts';
import { type RuleContext, unknown } from './rule.ts';
import { MIB, parseDuration, parseSize } from './units.ts';
import { dotted, type Path, type Problem, quoted } from './yaml/problem.ts';

export function releaseIsKnown(image: RawImage, path: Path, { knownReleases }: RuleContext): Problem[] {
  if (image.release === undefined || knownReleases.includes(image.release)) return [];
  return [unknown([...path, 'release'], 'release', image.release, knownReleases)];
}

/** Where the catalogue leaves the list open, the ISO decides when it is probed. */
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
  const source = image.iso?.source;
  const at: Path = [...path, 'iso', 'source'];
  if (source === undefined) {
    if (!image.iso || isoElsewhere(String(path[1]))) return [];
    return [
      {
        path: at,
        at: 'key',
        message: `${dotted([...path, 'iso'])}: source is missing`,
        accepts: ISO_ACCEPTED,
      },
    ];
  }
  return isIsoSource(source)
    ? []
    : [
        {
          path: at,
          at: 'value',
          message: `${dotted(at)}: ${quoted(source)} is not accepted`,
          accepts: ISO_ACCEPTED,
        },
      ];
}

const SMALLEST = { disk_size: 64 * MIB, memory: 64 * MIB };

export function sizesAreUsable(image: RawImage, path: Path): Problem[] {
  return (['disk_size', 'memory'] as const).flatMap((key): Problem[] => {
    const text = image.vm?.[key];
    if (text === undefined) return [];
    const bytes = parseSize(text);
    if (bytes !== null && bytes >= SMALLEST[key] && bytes % MIB === 0) return [];
    const at: Path = [...path, 'vm', key];
    return [
      {
        path: at,
        at: 'value',
        message: `${dotted(at)}: ${quoted(text)} is not usable`,
        accepts: 'whole MiB, 64M at least',
      },
    ];
  });
}

export function timesAreUsable(image: RawImage, path: Path): Problem[] {
  const text = image.vm?.install_timeout;
  if (text === undefined || (parseDuration(text) ?? 0) > 0) return [];
  const at: Path = [...path, 'vm', 'install_timeout'];
  return [
    {
      path: at,
      at: 'value',
      message: `${dotted(at)}: ${quoted(text)} is not usable`,
      accepts: 'more than 0s',
    },
  ];
}

export function filesGoToAbsolutePaths(image: RawImage, path: Path): Problem[] {
  const seen = new Set<string>();
  return (image.files ?? []).flatMap((file, index): Problem[] => {
    if (file.path === undefined) return [];
    const at: Path = [...path, 'files', index, 'path'];
    const steps = file.path.split('/').slice(1);
    const absolute =
      file.path.startsWith('/') && steps.every((step) => step !== '' && step !== '.' && step !== '..');
    if (!absolute)
      return [
        {
          path: at,
          at: 'value',
          message: `${dotted(at)}: ${quoted(file.path)} is not accepted`,
          accepts: 'the absolute path of a file in the image, without . and ..',
        },
      ];
    if (seen.has(file.path))
      return [{ path: at, at: 'value', message: `${dotted(at)}: ${quoted(file.path)} is written twice` }];
    seen.add(file.path);
    return [];
  });
}

export function uploadsGoToTargets(image: RawImage, path: Path, { targets }: RuleContext): Problem[] {
  return (image.upload ?? []).flatMap((name, index) =>
    targets.includes(name) ? [] : [unknown([...path, 'upload', index], 'target', name, targets)],
  );
}
