/** The keywords of the schemas that `Shape` makes; one with any other is for ajv. */
interface Plain {
  type?: string | string[];
  minimum?: number;
  pattern?: string;
  enum?: readonly unknown[];
  anyOf?: readonly Plain[];
  items?: Plain;
  properties?: Record<string, Plain>;
  required?: readonly string[];
  additionalProperties?: Plain;
}

const KNOWN = new Set([
  ...['type', 'minimum', 'pattern', 'enum', 'anyOf', 'items'],
  ...['properties', 'required', 'additionalProperties'],
]);

const patterns = new Map<string, RegExp>();

/**
 * Whether a value surely has the form of a schema: true as ajv has it; false also where ajv has to be asked. Nearly every record fits, and
 * loading and compiling ajv takes longer than reading all of them.
 */
export function surelyFits(schema: object, value: unknown): boolean {
  const { type, minimum, pattern, anyOf, items, properties, required, additionalProperties, ...rest } =
    schema as Plain;
  // To ajv every object has the members that it inherits.
  if (properties && Object.keys(properties).some((name) => name in Object.prototype)) return false;
  if (Object.keys(schema).some((keyword) => !KNOWN.has(keyword)) || typeof type === 'object') return false;
  if (type !== undefined && typeOf(value) !== type) return false;
  if (rest.enum && !rest.enum.includes(value)) return false;
  if (anyOf && !anyOf.some((one) => surelyFits(one, value))) return false;
  if (minimum !== undefined && typeof value === 'number' && !(value >= minimum)) return false;
  if (pattern !== undefined && typeof value === 'string' && !matcher(pattern).test(value)) return false;
  if (items && Array.isArray(value) && !value.every((one) => surelyFits(items, one))) return false;
  if (typeOf(value) !== 'object') return true;
  const members = value as Record<string, unknown>;
  // As ajv has it: what is undefined is not there.
  if (required?.some((name) => members[name] === undefined)) return false;
  return Object.entries(members).every(([name, member]) => {
    const own = properties && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return (
      own === undefined || (member === undefined && own !== additionalProperties) || surelyFits(own, member)
    );
  });
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  // NaN and the infinities, which JSON does not have.
  return typeof value === 'number' && !Number.isFinite(value) ? 'other' : typeof value;
}

function matcher(pattern: string): RegExp {
  const known = patterns.get(pattern) ?? new RegExp(pattern, 'u');
  patterns.set(pattern, known);
  return known;
}
