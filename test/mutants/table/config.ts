import { type Mutant, mutantsOf } from '../mutant.ts';

const TABLE = 'test/unit/config/table.test.ts';
const ONE_ROW = 'test/unit/config/one-row.test.ts';
const PRECEDENCE = 'test/unit/config/precedence.test.ts';

/** Guards of the results of the table of settings. */
export const CONFIG: readonly Mutant[] = [
  ...mutantsOf('pipeline/config/resolve.ts', [PRECEDENCE], {
    'flags-and-variables': ['this.#input.given.find(row, name) ??', ''],
    'implied-target': ['(scope.places.length === 0 ? this.#implied(row) : undefined) ??', ''],
    'the-file': ['this.#written(row, places) ??', ''],
    inherited: ['if (node.inherits) places.push([...node.inherits]);', ''],
    'one-word-for-a-section': ['return name === shorthand ? [place] : [];', 'return [];'],
    'relative-to-the-file': ['value: kind.read(value, base)', 'value: kind.read(value, this.#input.cwd)'],
  }),
  ...mutantsOf('pipeline/config/given.ts', [PRECEDENCE, 'test/unit/config/problems.test.ts'], {
    'empty-variable': ['return value ? { value, origin', 'return value !== undefined ? { value, origin'],
    'wrong-variable': ['if (!found || accepted(row, found.value) !== undefined) return;', 'return;'],
    'the-flag-first': ['if (flag !== undefined) return', 'if (flag === "never") return'],
    'iso-of-no-image': ['name.startsWith(prefix) && !known.includes(name)', 'false'],
  }),
  ...mutantsOf('pipeline/config/value-rules.ts', ['test/unit/config/problems.test.ts'], {
    'kinds-judge': ['return node.kind.problems?.(value, path) ?? [];', 'return [];'],
  }),
  ...mutantsOf('pipeline/config/json-schema.ts', [TABLE, ONE_ROW], {
    'unknown-keys': ['additionalProperties: false', 'additionalProperties: true'],
    required: ["'required' in node && node.required", 'false'],
  }),
  ...mutantsOf('pipeline/config/located-values.ts', [TABLE], {
    'none-is-not-shown': ['value === null ? []', 'false ? []', 'test/unit/config/show.test.ts'],
  }),
  ...mutantsOf('pipeline/config/yaml/excerpt.ts', ['test/unit/config/secrets.test.ts'], {
    'public-settings-only': ["'isPublic' in row ? [name] : []", '[name]'],
  }),
];
