import type { ErrorObject } from 'ajv';
import { suggest } from '../../core/text/suggest.ts';
import { holdsSecret } from './excerpt.ts';
import { dotted, type Path, type Problem, quoted } from './problem.ts';

/** One of ajv's errors, for the person who wrote the file. */
export function inWords(error: ErrorObject, root: unknown): Problem {
  const path = pathOf(error.instancePath, root);
  const name = dotted(path) || 'The file';
  const params = error.params as Record<string, unknown>;
  const schema = error.parentSchema as { properties?: object; patternErrorMessage?: string };
  const value = holdsSecret(path) ? 'the value' : quoted(error.data);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty);
      const known = Object.keys(schema.properties ?? {});
      return {
        path: [...path, key],
        at: 'key',
        message: `${name}: unknown key ${quoted(key)}`,
        accepts: known.join(', '),
        suggestion: suggest(key, known),
      };
    }
    case 'required':
      return {
        path: [...path, String(params.missingProperty)],
        at: 'key',
        message: `${name}: ${params.missingProperty} is missing`,
      };
    case 'enum': {
      const allowed = (params.allowedValues as unknown[]).map(String);
      return {
        path,
        at: 'value',
        message: `${name}: ${value} is not accepted`,
        accepts: allowed.join(', '),
        suggestion: typeof error.data === 'string' ? suggest(error.data, allowed) : undefined,
      };
    }
    case 'type':
      return {
        path,
        at: 'value',
        message: `${name}: ${value} is not ${typeNames(params.type)}`,
        accepts: accepted(schema, params.type),
      };
    case 'pattern':
      if (error.propertyName !== undefined)
        return {
          path: [...path, error.propertyName],
          at: 'key',
          message: `${name}: the name ${quoted(error.propertyName)} is not accepted`,
          accepts: schema.patternErrorMessage ?? String(params.pattern),
        };
      return {
        path,
        at: 'value',
        message: `${name}: ${value} is not accepted`,
        accepts: accepted(schema, 'string'),
      };
    case 'minProperties':
    case 'maxProperties':
      if (!schema.properties) return { path, at: 'value', message: `${name}: must not be empty` };
      return {
        path,
        at: 'value',
        message: `${name}: exactly one is required`,
        accepts: Object.keys(schema.properties ?? {}).join(', '),
      };
    case 'minLength':
    case 'minItems':
      return { path, at: 'value', message: `${name}: must not be empty` };
    default:
      return { path, at: 'value', message: `${name}: ${error.message}` };
  }
}

/** ajv's JSON pointer as a path; steps into lists become numbers. */
export function pathOf(pointer: string, root: unknown): Path {
  let at = root;
  return pointer
    .split('/')
    .slice(1)
    .map((raw) => {
      const key = raw.replaceAll('~1', '/').replaceAll('~0', '~');
      const step = Array.isArray(at) ? Number(key) : key;
      at = (at as Record<string | number, unknown> | undefined)?.[step];
      return step;
    });
}

const TYPE_NAMES: Record<string, string> = {
  object: 'a mapping (key: value)',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function typeNames(type: unknown): string {
  return [type]
    .flat()
    .map((name) => TYPE_NAMES[String(name)] ?? String(name))
    .join(' or ');
}

function accepted(schema: { patternErrorMessage?: string }, type: unknown): string {
  return (
    schema.patternErrorMessage ??
    (type === 'string' ? 'text, in quotes if it looks like a number' : typeNames(type))
  );
}
