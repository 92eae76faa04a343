import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { packageRoot } from '../process/package-root.ts';
import { dotted, type Problem } from './problem.ts';
import { inWords } from './schema-words.ts';

const compiled = new Map<string, ValidateFunction>();

/** The published schema of dgxos-maas.yaml, relative to the package. */
export const CONFIG_SCHEMA = 'schema/dgxos-maas.schema.json';

/** Text of a schema of this package. */
export function schemaText(file: string): string {
  return readFileSync(join(packageRoot(), file), 'utf8');
}

/** Everything in which `data` differs from the schema, in words for the person who wrote it. */
export function schemaProblems(file: string, data: unknown): Problem[] {
  let validate = compiled.get(file);
  if (!validate) {
    const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true });
    // Read by editors too: what a pattern accepts, in words.
    ajv.addKeyword({ keyword: 'patternErrorMessage', schemaType: 'string' });
    validate = ajv.compile(JSON.parse(schemaText(file)));
    compiled.set(file, validate);
  }
  if (validate(data)) return [];
  // `propertyNames` repeats what its inner error says better.
  const errors = validate.errors!.filter((error) => error.keyword !== 'propertyNames');
  return withoutEchoes(errors.map((error) => inWords(error, data)));
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
