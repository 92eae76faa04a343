import { describe, expect, it } from 'vitest';
import {
  expand,
  expandResource,
  PLACEHOLDERS,
  placeholderValues,
  unknownPlaceholders,
} from '../../../pipeline/config/placeholders.ts';
import fc from '../../property.ts';

const VALUES = {
  release: 'dgxos5',
  platform: 'dgx1',
  version: '5.0',
  architecture: 'amd64',
  date: '20261122',
  digest: 'ab12cd3efffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
};

describe('placeholders', () => {
  it('make the name that MAAS gets, with seven characters of the digest', () => {
    const resource = {
      name: 'custom/{platform}-{version}-{date}-{digest}',
      title: '{release} {version}',
      architecture: 'amd64/generic',
      baseImage: 'ubuntu/focal',
    };
    expect(expandResource(resource, VALUES)).toEqual({
      name: 'custom/dgx1-5.0-20261122-ab12cd3',
      title: 'dgxos5 5.0',
      architecture: 'amd64/generic',
      baseImage: 'ubuntu/focal',
    });
  });

  it('have the architecture without its subarchitecture: a name has no second slash', () => {
    const image = {
      release: 'dgxos7',
      platform: 'dgx_gb200',
      version: '7.6',
      resource: { architecture: 'arm64/generic' },
    };
    const values = placeholderValues(image, { date: '20261129', digest: 'ab12cd3ef' });
    expect(expand('custom/{platform}-{version}-{architecture}-{date}-{digest}', values)).toBe(
      'custom/dgx_gb200-7.6-arm64-20261129-ab12cd3',
    );
  });

  it('are found when nothing can fill them in', () => {
    expect(unknownPlaceholders('a{platfrom}{}b{version}{toString}')).toEqual(['platfrom', '', 'toString']);
  });

  it('leave text without braces as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[{}]/.test(text)),
        (text) => {
          expect(expand(text, VALUES)).toBe(text);
        },
      ),
    );
  });

  it('are filled in once: a value that looks like a placeholder stays as it is', () => {
    const value = fc.constantFrom('{digest}', '$&', '$1', 'plain', '{');
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('release', 'platform', 'version', 'date')),
        value,
        (names, tricky) => {
          const values = {
            ...{ release: tricky, platform: tricky, version: tricky, architecture: tricky },
            ...{ date: tricky, digest: tricky },
          };
          const text = names.map((name) => `{${name}}`).join('-');
          expect(expand(text, values)).toBe(names.map(() => tricky).join('-'));
        },
      ),
    );
  });

  it('are all known to the check', () => {
    expect(unknownPlaceholders(PLACEHOLDERS.map((name) => `{${name}}`).join(''))).toEqual([]);
  });
});
