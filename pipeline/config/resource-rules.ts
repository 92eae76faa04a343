import { suggest } from '../core/text/suggest.ts';
import { BASE_IMAGE } from './base-image.ts';
import { nameProblem } from './image-name.ts';
import { expand, PLACEHOLDERS, unknownPlaceholders } from './placeholders.ts';
import type { RawImage } from './raw-config.ts';
import { RESOURCE } from './settings/resource.ts';
import { dotted, type Path, type Problem, quoted } from './yaml/problem.ts';

const FIELDS = Object.keys(RESOURCE) as (keyof typeof RESOURCE)[];

export function placeholdersAreKnown(image: RawImage, path: Path): Problem[] {
  return FIELDS.flatMap((field) => {
    const at: Path = [...path, 'resource', field];
    return unknownPlaceholders(image.resource?.[field] ?? '').map((name): Problem => {
      const meant = suggest(name, PLACEHOLDERS);
      return {
        path: at,
        at: 'value',
        message: `${dotted(at)}: unknown placeholder ${quoted(`{${name}}`)}`,
        accepts: PLACEHOLDERS.map((known) => `{${known}}`).join(', '),
        suggestion: meant && `{${meant}}`,
      };
    });
  });
}

/** A field with its placeholders filled in as far as they are known now; date and digest have a fixed length. */
function sample(text: string, image: RawImage): string {
  const { release = 'release', platform = 'platform', version = '1' } = image;
  return expand(text, {
    release,
    platform,
    version,
    architecture: 'amd64',
    date: '20260101',
    digest: '0000000',
  });
}

/** Judged before an hour-long build, as far as placeholders let it be judged. */
export function resourceNameSuitsMaas(image: RawImage, path: Path): Problem[] {
  const written = image.resource?.name;
  if (written === undefined || unknownPlaceholders(written).length) return [];
  const name = sample(written, image);
  const problem = nameProblem(name);
  if (!problem && name.startsWith('custom/')) return [];
  const at: Path = [...path, 'resource', 'name'];
  return [
    {
      path: at,
      at: 'value',
      message: `${dotted(at)}: ${problem?.message ?? `${quoted(name)} does not begin with custom/`}`,
      accepts: RESOURCE.name.kind.accepts,
    },
  ];
}

/** With the placeholders filled in. */
const SHAPES = {
  architecture: /^[a-z0-9]+\/[a-z0-9._-]+$/,
  base_image: BASE_IMAGE.pattern,
} as const;

export function resourceFieldsSuitMaas(image: RawImage, path: Path): Problem[] {
  return (['architecture', 'base_image'] as const).flatMap((field): Problem[] => {
    const written = image.resource?.[field];
    if (written === undefined || unknownPlaceholders(written).length) return [];
    if (SHAPES[field].test(sample(written, image))) return [];
    const at: Path = [...path, 'resource', field];
    return [
      {
        path: at,
        at: 'value',
        message: `${dotted(at)}: ${quoted(written)} is not accepted`,
        accepts: RESOURCE[field].kind.accepts,
      },
    ];
  });
}
