import { suggest } from '../../core/text/suggest.ts';

/** The placeholders of checks. A dot in every name keeps them apart from `${x}` of the shell and `{3}` of regular expressions. */
export const PLACEHOLDERS = {
  'image.name': 'the image’s name in the configuration',
  'image.resource': 'the versioned name in MAAS',
  'image.release': 'the release',
  'image.platform': 'the platform',
  'image.version': 'the version',
  'image.kernel': 'the kernel that the image starts',
  'machine.hostname': 'the host name in MAAS',
  'machine.mounts': 'mount points of the storage layout in MAAS, one a line',
  'platform.gpus': 'GPUs of the platform',
} as const;

type Placeholder = keyof typeof PLACEHOLDERS;

/** Values by name; one that is not known here is null. */
export type Values = Record<Placeholder, string | null>;

const FORM = /\{([a-z]+\.[a-z_]+)\}/g;

/** Placeholders in a text that nobody knows, with what was probably meant. */
export function unknownPlaceholders(text: string): { name: string; meant: string | undefined }[] {
  const known = Object.keys(PLACEHOLDERS);
  return [...text.matchAll(FORM)]
    .map(([, name]) => name as string)
    .filter((name) => !known.includes(name))
    .map((name) => ({ name, meant: suggest(name, known) }));
}

/** Thrown where a value is needed that is not known: the check then says nothing about the image. */
export class ValueMissing extends Error {
  constructor(name: string) {
    super(`not known here: ${PLACEHOLDERS[name as Placeholder]}`);
  }
}

/**
 * The text with its placeholders filled in. @param quote what is done to each value, such as escaping it
 * @throws ValueMissing
 */
export function fill(
  text: string,
  values: Values,
  quote: (value: string) => string = (value) => value,
): string {
  return text.replace(FORM, (_, name: Placeholder) => {
    const value = values[name];
    if (value === null || value === undefined || value === '') throw new ValueMissing(name);
    return quote(value);
  });
}

/** A value inside a regular expression means itself. */
export const escaped = (value: string) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
