import { describe, expect, test } from 'vitest';
import { FAULTS, Faults, parseRule } from '../../../sandbox/faults.ts';
import fc from '../../property.ts';

const KINDS = ['chunk', 'create', 'is-importing'];
const put = { method: 'PUT', kind: 'chunk', last: false };

describe('a fault rule', () => {
  test('of every form is read', () => {
    expect(parseRule('put:3:reset', KINDS)).toMatchObject({ kind: 'put', which: { nth: 3 }, fault: 'reset' });
    expect(parseRule(' Chunk:Last:503:2.5 ', KINDS)).toMatchObject({
      kind: 'chunk',
      which: 'last',
      fault: 'status',
      status: 503,
      argument: 2.5,
    });
    expect(parseRule('*:2+:slow:1000', KINDS)).toMatchObject({
      which: { nth: 2, andLater: true },
      argument: 1000,
    });
  });

  test.each([
    ['', '"" is not one of *, get, post, put, delete, chunk, create, is-importing'],
    ['patch:1:reset', '"patch" is not one of'],
    ['put', '"" is neither a number'],
    ['put:0:reset', '"0" is neither a number from 1'],
    ['put:-1:reset', '"-1" is neither a number from 1'],
    ['put:1:explode', '"explode" is not a fault'],
    ['put:1:200', '"200" is not a fault'],
    ['put:1:constructor', '"constructor" is not a fault'],
    ['put:1:stall:soon', '"soon" is not a number'],
    ['put:1:slow', 'slow needs the bytes a second'],
    ['put:1:slow:0', 'slow needs the bytes a second'],
    ['put:1:409:5:6', 'has too many parts'],
  ])('%j is refused with what is accepted', (text, message) => {
    expect(() => parseRule(text, KINDS)).toThrow(message);
    try {
      parseRule(text, KINDS);
    } catch (error) {
      expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('put:3:reset') });
    }
  });

  test('any text is either a rule or a USAGE fault', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('put', 'chunk', '*', 'last', '1', '3+', '409', ...Object.keys(FAULTS)),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        try {
          parseRule(words.join(':'), KINDS);
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE' });
        }
      }),
    );
  });
});

describe('the rule that is carried out', () => {
  const rules = (...texts: string[]) => {
    const faults = new Faults();
    for (const text of texts) faults.add(parseRule(text, KINDS));
    return faults;
  };

  test('the n-th request of a kind, and no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.boolean(), { maxLength: 60 }), (nth, puts) => {
        const faults = rules(`put:${nth}:reset`);
        let seen = 0;
        for (const isPut of puts) {
          const picked = faults.pick({ method: isPut ? 'PUT' : 'GET', kind: 'x', last: false });
          if (isPut) seen += 1;
          expect(picked !== undefined).toBe(isPut && seen === nth);
        }
      }),
    );
  });

  test('a rule that was hidden by an earlier one has counted all the same', () => {
    const faults = rules('put:1:reset', 'chunk:2:lost');
    expect([faults.pick(put)?.fault, faults.pick(put)?.fault]).toEqual(['reset', 'lost']);
  });

  test('last waits for the last chunk and is used up by it', () => {
    const faults = rules('put:last:lost');
    expect(faults.pick(put)).toBeUndefined();
    expect(faults.pick({ ...put, last: true })?.fault).toBe('lost');
    expect(faults.pick({ ...put, last: true })).toBeUndefined();
  });

  test('a rule counts from when it was added', () => {
    const faults = rules();
    faults.pick(put);
    faults.add(parseRule('put:1:stall', KINDS));
    expect(faults.pick(put)?.fault).toBe('stall');
  });
});
