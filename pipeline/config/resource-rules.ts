import { suggest } from '../core/text/suggest.ts';
import { BASE_IMAGE } from './base-image.ts';
import { nameProblem } from './image-name.ts';
import { expand, PLACEHOLDERS, unknownPlaceholders } from './placeholders.ts';
import type { RawImage } from './raw-config.ts';
import { dotted, type Path, type Problem, quoted } from './yaml/problem.ts';

const FIELDS = ['name', 'title', 'architecture', 'base_image'] as const;

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
  return expand(text, { release, platform, version, date: '20260101', digest: '0000000' });
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
      accepts: 'custom/ and a name of letters, digits and . _ + ~ -, 255 characters at most',
    },
  ];
}

const SHAPES = {
  architecture: {
    pattern: /^[a-z0-9]+\/[a-z0-9._-]+$/,
    accepts: 'architecture/subarchitecture, such as amd64/generic',
  },
  base_image: BASE_IMAGE,
} as const;

export function resourceFieldsSuitMaas(image: RawImage, path: Path): Problem[] {
  return (['architecture', 'base_image'] as const).flatMap((field): Problem[] => {
    const written = image.resource?.[field];
    if (written === undefined || unknownPlaceholders(written).length) return [];
    if (SHAPES[field].pattern.test(sample(written, image))) return [];
    const at: Path = [...path, 'resource', field];
    return [
      {
        path: at,
        at: 'value',
        message: `${dotted(at)}: ${quoted(written)} is not accepted`,
        accepts: SHAPES[field].accepts,
      },
    ];
  });
}
