import { description, sentences } from './describe.ts';
import {
  type AnySection,
  type AnySetting,
  isNamed,
  isSetting,
  type Node,
  type Rows,
  rowsOf,
} from './setting.ts';

export type Schema = Record<string, unknown>;

/** Names of images and targets. */
const NAMES = {
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
  patternErrorMessage: 'a name of letters, digits, dots, dashes and underscores',
};

/** Of a mapping of these settings, without description. */
export function mappingSchema(fields: Rows): Schema {
  const rows = rowsOf(fields);
  const required = rows.filter(([, node]) => 'required' in node && node.required).map(([name]) => name);
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(rows.map(([name, node]) => [name, schemaOf(node)])),
  };
}

function schemaOf(node: Node): Schema {
  if (isSetting(node)) return { description: description(node), ...node.kind.schema, ...fixedDefault(node) };
  if (isNamed(node))
    return {
      description: sentences(node.help, node.details),
      type: 'object',
      propertyNames: NAMES,
      additionalProperties: { description: node.entry.help, ...mappingSchema(node.entry.fields) },
    };
  return { description: sentences(node.help, node.details), ...sectionSchema(node) };
}

function sectionSchema({ shorthand, fields }: AnySection): Schema {
  const mapping = mappingSchema(fields);
  if (shorthand === undefined) return mapping;
  const short = fields[shorthand] as AnySetting;
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema
  return { if: { type: 'object' }, then: mapping, else: short.kind.schema, ...fixedDefault(short) };
}

function fixedDefault(row: AnySetting): Schema {
  const { default: value, defaultText } = row;
  const fixed = ['string', 'number', 'boolean'].includes(typeof value) && value !== '';
  return fixed && defaultText === undefined ? { default: row.kind.write(value) } : {};
}
