import { describe, expect, test } from 'vitest';
import { nameMatches, queryOf, selects } from '../../../pipeline/maas/machines/selector.ts';
import { parseStatus, STATUSES, statusName, statusOf } from '../../../pipeline/maas/machines/status.ts';
import fc from '../../property.ts';
import { machine } from './machine.ts';

describe('names', () => {
  test.each([
    ['gpu01', true],
    ['GPU01', true],
    ['gpu01.maas', true],
    ['id-gpu01', true],
    ['gpu0', false],
    ['gpu*', true],
    ['*01', true],
    ['gpu0?', true],
    ['gpu?', false],
    ['*.maas', true],
    ['gpu[0]1', false],
  ])('%s: %s', (name, expected) => expect(nameMatches(machine(), name)).toBe(expected));

  test('a pattern means what a regular expression of it means', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(letters, pattern, (hostname, name) => {
        fc.pre(/[*?]/.test(name));
        const source = name.replaceAll('*', '.*').replaceAll('?', '.');
        const one = machine({ hostname, fqdn: hostname, systemId: hostname });
        expect(nameMatches(one, name)).toBe(new RegExp(`^${source}$`).test(hostname));
      }),
    );
  });

  test('many stars take linear time', () => {
    const one = machine({ hostname: 'a'.repeat(60) });
    const start = performance.now();
    expect(nameMatches(one, `${'*a'.repeat(30)}b`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('conditions', () => {
  const one = machine({ tags: ['gpu', 'rack1'], pool: 'dgx', zone: 'east', status: 'deployed' });

  test.each([
    [{}, true],
    [{ tags: ['gpu', 'rack1'] }, true],
    [{ tags: ['gpu', 'rack2'] }, false],
    [{ pools: ['other', 'dgx'] }, true],
    [{ zones: ['west'] }, false],
    [{ statuses: ['ready', 'deployed'] as const }, true],
    [{ names: ['gpu*'], statuses: ['ready'] as const }, false],
    [{ names: ['cpu*'], systemIds: ['id-gpu01'] }, true],
  ])('%j: %s', (selector, expected) => expect(selects(selector, one)).toBe(expected));

  test('a condition that the server cannot filter safely is not sent to it', () => {
    expect(queryOf({ statuses: ['ready', 'failed_testing'] })).toBe('?status=ready&status=failed_testing');
    expect(queryOf({ systemIds: ['abc', 'def'] })).toBe('?id=abc&id=def');
    // MAAS refuses tags that it does not know.
    expect(queryOf({ tags: ['gpu'] })).toBe('');
    // A query that the web server would cut off.
    expect(queryOf({ systemIds: Array.from({ length: 1000 }, (_, n) => `id${n}`) })).toBe('');
  });
});

describe('statuses', () => {
  test('are those of MAAS, by number', () => {
    expect(STATUSES.map((_, number) => statusOf(number))).toEqual(STATUSES);
    expect(statusOf(23)).toBeUndefined();
  });

  test.each(STATUSES.map((status) => [status]))('%s is understood as it is shown', (status) => {
    expect(parseStatus(statusName(status))).toBe(status);
    expect(parseStatus(status.replaceAll('_', '-').toUpperCase())).toBe(status);
  });

  test('one that is none is named with the nearest', () => {
    expect(() => parseStatus('deploid')).toThrow(/no status "deploid"\. Did you mean "deployed"\?/);
  });
});
