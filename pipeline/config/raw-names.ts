import { fileInForce } from './find.ts';
import { ENVIRONMENT_TARGET } from './resolve.ts';
import { readText } from './yaml/read-text.ts';
import { Source } from './yaml/source.ts';

/** The pattern of the schema for the name of an image or a target. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * The names of images and targets in the file in force, also while the rest of it is not right yet. None where there is no file or
 * where it cannot be read: whoever asks is at the next word of a command line, and the command itself says what is wrong.
 */
export async function rawNames(
  options: Parameters<typeof fileInForce>[0],
): Promise<{ images: string[]; targets: string[] }> {
  const file = fileInForce(options);
  const data = file === null ? {} : await dataOf(file).catch(() => ({}));
  const images = keys(data, 'images');
  const targets = keys(data, 'targets');
  return {
    images,
    targets: targets.length > 0 || !options.env.MAAS_API_URL ? targets : [ENVIRONMENT_TARGET],
  };
}

async function dataOf(file: string): Promise<unknown> {
  return new Source(file, await readText(file), { named: 'images' }).data;
}

function keys(data: unknown, section: 'images' | 'targets'): string[] {
  const value = (data as Record<string, unknown> | null)?.[section];
  return typeof value === 'object' && value !== null
    ? Object.keys(value).filter((name) => NAME.test(name))
    : [];
}
