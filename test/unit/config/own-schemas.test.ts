import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const SCHEMAS = globSync(['schema/*.json', 'templates/**/*.schema.json'], { cwd: ROOT });

test('there are schemas', () => expect(SCHEMAS.length).toBeGreaterThanOrEqual(6));

// The program does without this when it reads a file: that would take longer than the file.
test.each(SCHEMAS)('%s is a JSON schema', (file) => {
  const ajv = new Ajv({ allowUnionTypes: true });
  ajv.addKeyword({ keyword: 'patternErrorMessage', schemaType: 'string' });
  const schema = JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
  expect(ajv.validateSchema(schema), ajv.errorsText()).toBe(true);
  expect(() => ajv.compile(schema)).not.toThrow();
  expect(ajv.validateSchema({ ...schema, type: 'mapping' })).toBe(false);
});
