import type { ErrorObject, ValidateFunction } from 'ajv';
import { compileSchema } from './compile-schema.ts';
import { dotted, type Problem } from './problem.ts';
import { inWords, pathOf } from './schema-words.ts';
import type { Source } from './source.ts';

const compiled = new Map<string, ValidateFunction>();

/** The published schema of dgxos-maas.yaml, relative to the package. */
export const CONFIG_SCHEMA = 'schema/dgxos-maas.schema.json';

/** Everything in which `data` differs from the schema, in words for the person who wrote it. @param schema a file of this package */
export function schemaProblems(schema: string, data: unknown): Problem[] {
  // `propertyNames` repeats what its inner error says better.
  const errors = errorsOf(schema, data).filter((error) => error.keyword !== 'propertyNames');
  return withoutEchoes(errors.map((error) => inWords(error, data)));
}

/**
 * The data of a file, with numbers as they are written where the schema takes text: a `power_user: 007` is "007", a
 * `version: 1.10` is "1.10".
 */
export function dataAsWritten(schema: string, source: Source): unknown {
  const data = source.data ?? {};
  const places = errorsOf(schema, data).flatMap(({ keyword, params, data: value, instancePath }) =>
    keyword === 'type' && typeof value === 'number' && [params.type].flat().includes('string')
      ? [pathOf(instancePath, data)]
      : [],
  );
  for (const path of places) {
    const text = source.written(path);
    const last = path.at(-1);
    if (text === undefined || last === undefined) continue;
    const holder = path
      .slice(0, -1)
      .reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], data);
    (holder as Record<string | number, unknown>)[last] = text;
  }
  return data;
}

function errorsOf(schema: string, data: unknown): ErrorObject[] {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = compileSchema(schema);
    compiled.set(schema, validate);
  }
  return validate(data) ? [] : validate.errors!;
}

/** A misspelt key is also a missing one; its own message says enough. */
function withoutEchoes(problems: Problem[]): Problem[] {
  const meant = new Set(
    problems
      .filter(({ suggestion, at }) => suggestion && at === 'key')
      .map(({ path, suggestion }) => dotted([...path.slice(0, -1), suggestion!])),
  );
  return problems.filter(({ path, suggestion }) => suggestion || !meant.has(dotted(path)));
}
