import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { surelyFits } from '../../../pipeline/host/files/fits.ts';
import {
  anything,
  count,
  flag,
  list,
  map,
  number,
  object,
  oneOf,
  orNull,
  type Shape,
  sha256,
  text,
  time,
} from '../../../pipeline/host/files/shape.ts';
import fc from '../../property.ts';

const leaf = fc.constantFrom<Shape<unknown>>(
  text,
  number,
  count,
  flag,
  anything,
  sha256,
  time,
  oneOf<string | number>('a', 1),
);
/** Those that every object has are left to ajv where a schema names them. */
const INHERITED = ['toString', '__proto__', 'constructor'];
const names = fc.constantFrom('a', 'b', 'c', ...INHERITED);
const members = (one: fc.Arbitrary<Shape<unknown>>) =>
  fc.array(fc.tuple(names, one), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs));
const { shape } = fc.letrec<{ shape: Shape<unknown> }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small' },
    leaf,
    tie('shape').map(orNull),
    tie('shape').map(list),
    tie('shape').map(map),
    fc.tuple(members(tie('shape')), members(tie('shape'))).map(([all, some]) => object(all, some)),
  ),
}));
const SOME = ['a', '0'.repeat(64), '2026-11-29T13:00:00.000Z', 'A'.repeat(64), ''];
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(...SOME, null, true, 0, 1, -1, 1.5),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4 }),
  ),
}));

test('a value surely fits a shape where it fits by ajv', () => {
  const fitting: number[] = [];
  const ajv = new Ajv({ allowUnionTypes: true });
  fc.assert(
    fc.property(shape, value, ({ schema }, given) => {
      const written = JSON.parse(JSON.stringify(given)) as unknown;
      const byAjv = ajv.validate(schema, written);
      if (byAjv) fitting.push(1);
      const inherited = INHERITED.some((name) => JSON.stringify(schema).includes(name));
      if (!inherited || !byAjv) expect(surelyFits(schema, written)).toBe(byAjv);
    }),
    { numRuns: 200 },
  );
  // Neither only such that fit, nor only such that do not.
  expect(fitting.length).toBeGreaterThan(10);
  expect(fitting.length).toBeLessThan(190);
});

test.each([
  [{ type: 'string', maxLength: 1 }, 'a'],
  [{ type: ['string', 'null'] }, 'a'],
  [{ not: {} }, 'a'],
])('%j has to be asked of ajv', (schema, given) => {
  expect(surelyFits(schema, given)).toBe(false);
});
