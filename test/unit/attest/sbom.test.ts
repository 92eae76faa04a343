import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, it } from 'vitest';
import { type SbomSource, sbom } from '../../../pipeline/image/attest/sbom.ts';
import fc from '../../property.ts';

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

function source(
  packages: SbomSource['facts']['packages'],
  licences: Record<string, string[]> = {},
): SbomSource {
  return {
    image: { name: 'dgx1', version: '5.0', release: 'dgxos5', platform: 'dgx1' },
    artifact: { sha256: '0123456789abcdef'.repeat(4) },
    facts: {
      osRelease: { id: 'ubuntu', versionId: '20.04', codename: 'focal', name: 'Ubuntu 20.04.6 LTS' },
      packages,
      licences: { packages: licences, freeText: 0 },
    },
    toolVersion: '1.2.3',
  };
}

const one = (name: string, status = 'ii') => ({ name, version: '1:2.0-1', arch: 'amd64', status });

const components = (text: string) =>
  JSON.parse(text).components as {
    name: string;
    purl: string;
    licenses?: unknown;
    properties?: unknown;
  }[];

describe('the SBOM', () => {
  it('fits the schema and names the image by its digest', async () => {
    const text = sbom(source([one('bash')], { bash: ['GPL-3+'] }));
    expect(await validator.validate(text)).toBeNull();
    expect(JSON.parse(text)).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      serialNumber: 'urn:uuid:01234567-89ab-8def-8123-456789abcdef',
      metadata: {
        component: { name: 'dgx1', version: '5.0', hashes: [{ content: '0123456789abcdef'.repeat(4) }] },
      },
      components: [
        {
          name: 'bash',
          version: '1:2.0-1',
          purl: 'pkg:deb/ubuntu/bash@1:2.0-1?arch=amd64&distro=focal',
          licenses: [{ license: { id: 'GPL-3.0-or-later', acknowledgement: 'declared' } }],
        },
      ],
    });
  });

  it('is the same for the same image, in whatever order its packages come', () => {
    const packages = ['zsh', 'bash', 'apt'].map((name) => one(name));
    expect(sbom(source([...packages].reverse()))).toBe(sbom(source(packages)));
    expect(sbom(source(packages))).not.toMatch(/timestamp/);
  });

  it('lists a package once that has two stanzas, and none without a name', () => {
    const packages = [one('bash'), one('apt'), one('bash'), one('')];
    expect(components(sbom(source(packages))).map(({ name }) => name)).toEqual(['apt', 'bash']);
    expect(sbom(source(packages))).toBe(sbom(source(packages)));
  });

  it('lists what has files in the image, and says how those stand that are not simply installed', () => {
    const states = ['ii', 'hi', 'rc', 'iU', '??', 'iHR'];
    const listed = components(sbom(source(states.map((status, i) => one(`p${i}`, status)))));
    expect(listed.map(({ name }) => name)).toEqual(['p0', 'p1', 'p3', 'p5']);
    expect(listed[3]!.properties).toEqual([{ name: 'dgxos-maas:dpkg-status', value: 'iHR' }]);
    expect(listed[0]!.properties).toBeUndefined();
  });

  it.each([
    [
      ['Expat', 'GPL-2'],
      [{ license: { id: 'GPL-2.0-only' } }, { license: { id: 'MIT' } }],
    ],
    [['Expat', 'MIT'], [{ license: { id: 'MIT' } }]],
    [['Expat or ISC', 'Zlib'], [{ expression: '(MIT OR ISC) AND Zlib' }]],
    [
      ['Expat or ISC', 'Artistic'],
      [{ license: { name: 'Artistic' } }, { license: { name: 'Expat or ISC' } }],
    ],
    [[], undefined],
  ])('says of a package that declares %j: %j', (declared, said) => {
    const { licenses } = components(sbom(source([one('p')], { p: declared })))[0]!;
    if (said) {
      expect(licenses).toHaveLength(said.length);
      expect(licenses).toEqual(expect.arrayContaining(said.map((l) => expectedOf(l))));
    } else expect(licenses).toBeUndefined();
  });

  it('fits the schema whatever an image claims of its packages', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const claimed = fc.record({
      name: fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'p')),
      version: text,
      arch: text,
      status: fc.constantFrom('ii', 'rc', 'iHR', '??'),
    });
    const licences = fc.dictionary(fc.oneof(text, fc.constant('p')), fc.array(text.filter(Boolean)));
    await fc.assert(
      fc.asyncProperty(fc.array(claimed, { maxLength: 6 }), licences, async (packages, declared) => {
        const made = sbom(source(packages, declared));
        expect(await validator.validate(made)).toBeNull();
        expect(sbom(source(packages, declared))).toBe(made);
      }),
      { numRuns: 30 },
    );
  });
});

function expectedOf(licence: object) {
  if ('expression' in licence) return { ...licence, acknowledgement: 'declared' };
  const { license } = licence as { license: object };
  return { license: { ...license, acknowledgement: 'declared' } };
}
