import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { packageRoot } from '../../host/process/package-root.ts';
import { dotted, type Problem } from './problem.ts';
import { inWords, pathOf } from './schema-words.ts';
import type { Source } from './source.ts';

/** A file of this package, or what makes the schema. */
export type SchemaSource = string | (() => object);

const compiled = new Map<SchemaSource, ValidateFunction>();

/** The published schema of dgxos-maas.yaml, relative to the package. */
export const CONFIG_SCHEMA = 'schema/dgxos-maas.schema.json';

/** Text of a schema of this package. */
export function schemaText(file: string): string {
  return readFileSync(join(packageRoot(), file), 'utf8');
}

/** Everything in which `data` differs from the schema, in words for the person who wrote it. */
export function schemaProblems(schema: SchemaSource, data: unknown): Problem[] {
  // `propertyNames` repeats what its inner error says better.
  const errors = errorsOf(schema, data).filter((error) => error.keyword !== 'propertyNames');
  return withoutEchoes(errors.map((error) => inWords(error, data)));
}

/**
 * The data of a file, with numbers as they are written where the schema takes text: a `power_user: 007` is "007", a
 * `version: 1.10` is "1.10".
 */
export function dataAsWritten(schema: SchemaSource, source: Source): unknown {
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

function errorsOf(schema: SchemaSource, data: unknown): ErrorObject[] {
  let validate = compiled.get(schema);
  if (!validate) {
    // The schemas are our own, and tests hold them valid: to validate one takes longer than what it is for.
    // Code that runs once or twice is not worth optimizing, which takes a third of the compilation.
    const [validateSchema, code] = [false, { optimize: false }];
    const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, validateSchema, code });
    // Read by editors too: what a pattern accepts, in words.
    ajv.addKeyword({ keyword: 'patternErrorMessage', schemaType: 'string' });
    validate = ajv.compile(typeof schema === 'string' ? JSON.parse(schemaText(schema)) : schema());
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
