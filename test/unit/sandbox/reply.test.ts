import { describe, expect, test } from 'vitest';
import { json, repr } from '../../../sandbox/reply.ts';
import fc from '../../property.ts';

describe('JSON', () => {
  test('keeps the order of a Map, even of keys that look like numbers', () => {
    const { body } = json(
      200,
      new Map(
        Object.entries({ b: 1 }).concat([
          ['20261122', 2],
          ['1', 3],
        ]),
      ),
    );
    expect([...String(body).matchAll(/"(\w+)":/g)].map((found) => found[1])).toEqual(['b', '20261122', '1']);
  });

  test('says of any value what JSON.stringify says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(String(json(200, value).body))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('leaves out what is undefined', () => {
    expect(json(200, { a: undefined, b: null }).body).toBe('{"b": null}');
  });
});

test.each([
  ['foo', "'foo'"],
  ["it's", '"it\'s"'],
  [`"it's"`, `'"it\\'s"'`],
  ['a\\b\n', "'a\\\\b\\n'"],
])('Python writes %j as %s', (value, written) => {
  expect(repr(value)).toBe(written);
});
