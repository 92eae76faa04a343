import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { packageRoot } from '../../host/process/package-root.ts';
import { configSchema } from '../config-schema.ts';

/** The published schema of dgxos-maas.yaml, relative to the package. */
export const CONFIG_SCHEMA = 'schema/dgxos-maas.schema.json';

/** Text of a schema of this package. @param file relative to the package */
export function schemaText(file: string): string {
  return readFileSync(join(packageRoot(), file), 'utf8');
}

/** Ajv for the schemas of this package. @param source keep the code that it makes, see scripts/build.ts */
export function schemaCompiler(source = false): Ajv {
  // The schemas are our own, and tests hold them valid: to validate one takes longer than what it is for.
  // Code that runs once or twice is not worth optimizing, which takes a third of the compilation.
  const [validateSchema, code] = [false, { optimize: false, source }];
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, validateSchema, code });
  // Read by editors too: what a pattern accepts, in words.
  ajv.addKeyword({ keyword: 'patternErrorMessage', schemaType: 'string' });
  return ajv;
}

/** Compiles a schema. The installed package has this done when it is built. */
export function compileSchema(file: string): ValidateFunction {
  // Of the configuration as the settings are now: a row that is new is not in the published file yet.
  return schemaCompiler().compile(file === CONFIG_SCHEMA ? configSchema() : JSON.parse(schemaText(file)));
}
