import { describe, expect, it } from 'vitest';
import type { Json } from '../../../pipeline/core/json.ts';
import {
  changed,
  counted,
  fingerprint,
  NotCounted,
  notCounted,
  resolved,
} from '../../../pipeline/workspace/fingerprint.ts';
import fc from '../../property.ts';

const record = fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<Json>);

describe('fingerprint', () => {
  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(record, (inputs) => {
        const turned = Object.fromEntries(Object.entries(inputs).reverse());
        expect(fingerprint(turned)).toBe(fingerprint(inputs));
      }),
    );
  });

  it('changes when any value does, and names what changed', () => {
    const before = { iso: 'a', vm: { cpus: 2, memory: 1 } };
    const after = { iso: 'a', vm: { cpus: 4, memory: 1 }, packages: [] };
    expect(fingerprint(after)).not.toBe(fingerprint(before));
    expect(changed(before, after)).toEqual(['packages', 'vm']);
  });

  it('takes an undefined member for an absent one', () => {
    expect(fingerprint({ a: 1, b: undefined })).toBe(fingerprint({ a: 1 }));
  });
});

describe('the declaration of a stage', () => {
  const declared = {
    sum: 'a',
    path: notCounted('/a', 'its sum counts'),
    files: [{ mode: '0644', source: notCounted('/b', 'its sum counts') }],
    absent: undefined,
  };

  it('counts without what is wrapped, at any depth', () => {
    expect(counted(declared)).toEqual({ sum: 'a', files: [{ mode: '0644' }] });
    expect(fingerprint(counted({ ...declared, path: notCounted('/c', 'its sum counts') }))).toBe(
      fingerprint(counted(declared)),
    );
  });

  it('reaches the run whole', () => {
    expect(resolved(declared)).toEqual({ sum: 'a', path: '/a', files: [{ mode: '0644', source: '/b' }] });
    const key = new Map([['a', 1]]);
    expect(resolved({ key: new NotCounted(key, 'secret') }).key).toBe(key);
  });

  it('keeps every name that a user may write', () => {
    const named = JSON.parse('{"__proto__": "a", "constructor": "b"}');
    expect(Object.keys(counted(named))).toEqual(['__proto__', 'constructor']);
    expect(fingerprint(counted(named))).not.toBe(fingerprint({}));
  });

  it.each([new Date(), new Map(), () => 1, Number.NaN, 1n, Symbol('a'), /a/])(
    'cannot hold %s, which would count as nothing',
    (value) => {
      expect(() => counted({ deep: [{ value }] })).toThrow('inputs.deep[0].value cannot be counted');
    },
  );
});
