import { createRequire } from 'node:module';
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv';
import { surelyFits } from './fits.ts';
import { LARGEST_TEXT, readBoundedText, readSmallText } from './regular.ts';
import type { Shape } from './shape.ts';

/** A file, or a text of another origin, that is not JSON, or does not have the required shape. */
export class WrongJson extends Error {
  /** The position of the fault, such as `images/0/status`; undefined when it is not JSON at all. */
  readonly member: string | undefined;
  constructor(name: string, problem: string, member?: string, cause?: unknown) {
    super(`${name}: ${problem}`, { cause });
    this.name = 'WrongJson';
    this.member = member;
  }
}

let ajv: Ajv | undefined;
const compiled = new WeakMap<object, ValidateFunction>();

/** The difference of a value from a shape: the member, and what it must be. */
export interface Difference {
  /** Such as `images/0/status`; empty for the whole. */
  member: string;
  problem: string;
}

/** The first difference of a value from a shape, or null. It is compiled when a first value differs. */
export function differenceFrom(shape: Shape<unknown>, value: unknown): Difference | null {
  if (surelyFits(shape.schema, value)) return null;
  let validate = compiled.get(shape);
  if (!validate) {
    // Here and not above: hardly a record differs, and loading it takes longer than reading them all.
    ajv ??= newAjv();
    validate = ajv.compile(shape.schema);
    compiled.set(shape, validate);
  }
  return validate(value) ? null : differenceOf(validate.errors ?? []);
}

function newAjv(): Ajv {
  const loaded = createRequire(import.meta.url)('ajv') as { Ajv: typeof Ajv };
  return new loaded.Ajv({ allowUnionTypes: true });
}

function differenceOf(errors: readonly ErrorObject[]): Difference {
  // Of what may be null: not that it is not null, and not that it is neither, but what it should have been.
  const deepest = errors
    .filter(({ keyword }) => keyword !== 'anyOf')
    .reduce((found, error) => (error.instancePath.length >= found.instancePath.length ? error : found));
  const { instancePath, params, message = 'has an unexpected form' } = deepest;
  const accepted = 'allowedValues' in params ? `: ${(params.allowedValues as unknown[]).join(', ')}` : '';
  return { member: instancePath.slice(1), problem: `${message}${accepted}` };
}

/**
 * A text of JSON as a value of the shape it must have.
 * @param name what a message calls the text
 * @throws WrongJson
 */
export function parseJson<T>(content: string, shape: Shape<T>, name: string): T {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new WrongJson(name, `it is not JSON (${(error as Error).message})`, undefined, error);
  }
  const wrong = differenceFrom(shape, value);
  if (wrong) throw new WrongJson(name, `${wrong.member || 'the whole'} ${wrong.problem}`, wrong.member);
  return value as T;
}

/**
 * A file of JSON as a value of the shape it must have: every record that this program reads comes this way.
 * @param most bytes; a larger file is not read
 * @throws WrongJson, NotRegular, TooLarge, errors of the system
 */
export async function readJson<T>(path: string, shape: Shape<T>, most = LARGEST_TEXT): Promise<T> {
  return parseJson(await readBoundedText(path, most), shape, path);
}

/** Like `readJson`; a file that is missing, damaged or foreign is a miss, undefined. */
export async function readJsonOrMiss<T>(
  path: string,
  shape: Shape<T>,
  most?: number,
): Promise<T | undefined> {
  return readJson(path, shape, most).catch(() => undefined);
}

/** Like `readJsonOrMiss`, at once: for small files of our own, of which a night reads hundreds. */
export function readSmallJsonOrMiss<T>(path: string, shape: Shape<T>): T | undefined {
  try {
    return parseJson(readSmallText(path), shape, path);
  } catch {
    return undefined;
  }
}

/** The lines of JSON that are of a shape: one that a crash has cut, and one that is foreign, are left out. */
export function parseLines<T>(content: string, shape: Shape<T>): T[] {
  return content.split('\n').flatMap((line) => {
    try {
      return line ? [parseJson(line, shape, 'a line')] : [];
    } catch {
      return [];
    }
  });
}
