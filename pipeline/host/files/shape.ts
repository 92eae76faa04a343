/** The required shape of a piece of JSON, as a JSON schema; further members are allowed. */
export interface Shape<T> {
  readonly schema: object;
  /** Of types only: what a value of this shape is. */
  readonly value?: T;
}

type Shapes<T> = { readonly [K in keyof T]: Shape<T[K]> };

const of = <T>(schema: object): Shape<T> => ({ schema });

export const text = of<string>({ type: 'string' });
export const number = of<number>({ type: 'number' });
/** A number of bytes, files, seconds: not below 0. */
export const count = of<number>({ type: 'number', minimum: 0 });
export const flag = of<boolean>({ type: 'boolean' });
export const anything = of<unknown>({});
/** Text that a regular expression matches, from the first character to the last. */
export const matching = (pattern: RegExp) =>
  of<string>({ type: 'string', pattern: `^(?:${pattern.source})$` });

/** 64 hexadecimal digits, in lower case. */
export const sha256 = matching(/[0-9a-f]{64}/);
/** ISO 8601 in UTC, as `toISOString` writes it. */
export const time = matching(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/);

export const oneOf = <const T extends string | number | boolean>(...values: T[]): Shape<T> =>
  of({ enum: values });

export const orNull = <T>(shape: Shape<T>): Shape<T | null> =>
  of({ anyOf: [{ type: 'null' }, shape.schema] });

export const list = <T>(item: Shape<T>): Shape<T[]> => of({ type: 'array', items: item.schema });

/** Any names with values of one shape. */
export const map = <T>(value: Shape<T>): Shape<Record<string, T>> =>
  of({ type: 'object', additionalProperties: value.schema });

/** @param optional members that may be left out */
export function object<R, O = unknown>(
  required: Shapes<R>,
  optional: Shapes<O> = {} as Shapes<O>,
): Shape<R & Partial<O>> {
  const properties = Object.fromEntries(
    Object.entries<Shape<unknown>>({ ...required, ...optional }).map(([name, { schema }]) => [name, schema]),
  );
  return of({ type: 'object', properties, required: Object.keys(required) });
}
