import { describe, expect, it } from 'vitest';
import {
  DS_IDENTIFY,
  datasourceList,
  dsIdentifyConfig,
  dsIdentifyOf,
  policyMode,
} from '../../../pipeline/image/parsers/ds-identify.ts';
import fc from '../../property.ts';

describe('ds-identify', () => {
  it.each([
    ['20.4-0ubuntu1~20.04', ['0.7']],
    ['22.4.2-1+deb12u4', ['0.7']],
    ['24.1.3-0ubuntu3', ['0.7']],
    ['24.2-0ubuntu1', ['24.2']],
    ['25.3-0ubuntu1~22.04.1', ['24.2']],
    ['26.1-0ubuntu1_24.04.1', ['26.1']],
    ['1:27.1', ['26.1']],
    [null, ['26.1', '24.2', '0.7']],
    ['unknown', ['26.1', '24.2', '0.7']],
  ])('of version %s is %j', (version, ways) => {
    expect(dsIdentifyOf(version)).toEqual(ways);
  });

  it.each([
    ['datasource: MAAS\npolicy: enabled\n', { datasource: 'MAAS', policy: 'enabled' }],
    ["  datasource :  'NoCloud' # here\n", { datasource: 'NoCloud', policy: null }],
    // A last line without its newline is not read.
    ['policy: disabled', { datasource: null, policy: null }],
    ['policy: enabled\npolicy: disabled\n', { datasource: null, policy: 'disabled' }],
  ])('reads %j', (text, config) => {
    expect(dsIdentifyConfig(text)).toEqual(config);
  });

  it('takes the last mode of a policy', () => {
    expect(policyMode('search,found=all,disabled')).toBe('disabled');
    for (const mode of ['enabled', 'disabled', 'search', 'report'])
      expect([policyMode(`disabled,${mode},x`), policyMode(`enabled,${mode}`)]).toEqual([mode, mode]);
    expect(policyMode('maybe=none')).toBe('search');
    expect(policyMode(null)).toBe('search');
  });

  it('reads anything without an error', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...DS_IDENTIFY), (text, { reading }) => {
        const list = datasourceList([{ path: 'a', text }], reading);
        expect(list === null || Array.isArray(list.names)).toBe(true);
      }),
    );
  });
});
