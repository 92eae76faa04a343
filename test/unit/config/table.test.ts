import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configSchemaText } from '../../../pipeline/config/config-schema.ts';

const ROOT = join(import.meta.dirname, '../../..');
const published = (file: string) => readFileSync(join(ROOT, file), 'utf8');

describe('what is made of the table of settings', () => {
  it('the schema; after a change: npx dgxos-maas config schema > schema/dgxos-maas.schema.json', () => {
    expect(published('schema/dgxos-maas.schema.json')).toBe(configSchemaText());
  });
});
