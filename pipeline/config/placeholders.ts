import type { ImageConfig, ResourceConfig } from './types.ts';

/** The placeholders of a boot resource's fields. */
export const PLACEHOLDERS = ['release', 'platform', 'version', 'architecture', 'date', 'digest'] as const;

export type PlaceholderValues = Record<(typeof PLACEHOLDERS)[number], string>;

/** Characters of the digest that a name carries. */
const SHORT_DIGEST = 7;

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** Placeholders in the text that nothing can fill in. */
export function unknownPlaceholders(text: string): string[] {
  const known: readonly string[] = PLACEHOLDERS;
  return [...text.matchAll(PLACEHOLDER)].map((match) => match[1]!).filter((name) => !known.includes(name));
}

/** The text with its placeholders filled in; values are not expanded again. */
export function expand(text: string, values: PlaceholderValues): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => {
    if (name === 'digest') return values.digest.slice(0, SHORT_DIGEST);
    return Object.hasOwn(values, name) ? values[name as keyof PlaceholderValues] : whole;
  });
}

/** The parts of an image's names that its configuration decides. */
export interface NamedByPlaceholders extends Pick<ImageConfig, 'release' | 'platform' | 'version'> {
  resource: Pick<ResourceConfig, 'architecture'>;
}

/**
 * The values of an image's placeholders: `architecture` is the part of the resource's before the slash.
 * @param build date as YYYYMMDD; digest in hexadecimal, of which the first seven characters are used
 */
export function placeholderValues(
  { release, platform, version, resource }: NamedByPlaceholders,
  build: { date: string; digest: string },
): PlaceholderValues {
  const values = { release, platform, version, architecture: '', ...build };
  const [architecture = ''] = expand(resource.architecture, values).split('/');
  return { ...values, architecture };
}

/** A boot resource's fields as MAAS gets them. */
export function expandResource(resource: ResourceConfig, values: PlaceholderValues): ResourceConfig {
  return {
    name: expand(resource.name, values),
    title: expand(resource.title, values),
    architecture: expand(resource.architecture, values),
    baseImage: expand(resource.baseImage, values),
  };
}
