import { describe, expect, test } from 'vitest';
import { parseStrictJson } from '../../../pipeline/image/attest/strict-json.ts';
import fc from '../../property.ts';

describe('JSON that two readers cannot take for two things', () => {
  test.each([
    '{"a":1,"a":2}',
    '{"a":{"b":1,"b":1}}',
    '[{"a":1},{"b":{},"b":[]}]',
    // After an object or a list that is closed the one around it goes on.
    '{"a":{"x":1},"a":2}',
    '{"a":[{"x":1}],"a":2}',
    '{"a":[],"a":2}',
    // One name, written in two ways.
    '{"a":1,"\\u0061":2}',
    '{"a" : 1 , "a"\n:2}',
  ])('is not %s', (text) => {
    expect(() => parseStrictJson(text)).toThrow(/"[abx]" occurs twice/);
  });

  test.each([
    '[{"a":1},{"a":2}]',
    '{"a":{"a":{"a":1}}}',
    '{"a":{"b":1},"b":2}',
    '{"a":["a","a",":","a"],"b":"a"}',
    '{"a":"{","b":"}","c":"[","d":"\\"a\\":1"}',
    '["a","a"]',
    '"a"',
    '1',
  ])('is %s', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  test('is whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});
