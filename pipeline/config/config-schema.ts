import { CONFIG_FILE } from './find.ts';
import { mappingSchema, type Schema } from './json-schema.ts';
import { SETTINGS } from './settings/table.ts';

/** The JSON schema (draft 7) of dgxos-maas.yaml. */
export function configSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'urn:dgxos-maas:schema:config',
    title: CONFIG_FILE,
    description: 'Images to build and the MAAS servers that get them.',
    ...mappingSchema(SETTINGS),
  };
}

/** The text of schema/dgxos-maas.schema.json: lists of words on one line. */
export function configSchemaText(): string {
  const text = JSON.stringify(configSchema(), null, 2);
  return `${text.replace(/\[\n\s+("[^"\n]*"(?:,\n\s+"[^"\n]*")*)\n\s+\]/g, (_, words: string) => `[${words.replace(/,\n\s+/g, ', ')}]`)}\n`;
}
