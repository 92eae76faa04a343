import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../pipeline/core/json.ts';

import { changed, fingerprint } from '../../../pipeline/workspace/fingerprint.ts';

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
