import * as Enums from '@cyclonedx/cyclonedx-library/Enums';
import * as Models from '@cyclonedx/cyclonedx-library/Models';
import * as Serialize from '@cyclonedx/cyclonedx-library/Serialize';
import * as Spec from '@cyclonedx/cyclonedx-library/Spec';
import type { ImageFacts, Package } from '../facts/facts.ts';
import { debPurl } from './purl.ts';
import { allOf, isIdentifier, spdxOf } from './spdx.ts';

export interface SbomSource {
  image: { name: string; version: string; release: string; platform: string };
  artifact: { sha256: string };
  facts: Pick<ImageFacts, 'osRelease' | 'packages' | 'licences'>;
  /** Of dgxos-maas. */
  toolVersion: string;
}

/** dpkg's states in which files of the package are there. */
const HAS_FILES = 'iHUFWt';

/**
 * NAME.sbom.cdx.json: the image and its Debian packages as CycloneDX 1.6. The same source gives the same text: no time, and a
 * serial number made of the artifact's digest.
 */
export function sbom({ image, artifact, facts, toolVersion }: SbomSource): string {
  const bom = new Models.Bom({ serialNumber: `urn:uuid:${uuidOf(artifact.sha256)}` });
  bom.metadata.tools.components.add(
    new Models.Component(Enums.ComponentType.Application, 'dgxos-maas', { version: toolVersion }),
  );
  bom.metadata.lifecycles.add(Enums.LifecyclePhase.PostBuild);
  bom.metadata.component = new Models.Component(Enums.ComponentType.OperatingSystem, image.name, {
    bomRef: 'image',
    version: image.version,
    ...(facts.osRelease?.name ? { description: facts.osRelease.name } : {}),
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], artifact.sha256]]),
    properties: properties({ 'dgxos-maas:release': image.release, 'dgxos-maas:platform': image.platform }),
  });
  const seen = new Set<string>();
  for (const one of facts.packages) {
    if (!one.name || !HAS_FILES.includes(one.status[1] ?? '-')) continue;
    const purl = debPurl(one, facts.osRelease);
    // Two stanzas of one package would share a reference, for which the library invents random ones.
    if (seen.has(purl)) continue;
    seen.add(purl);
    bom.components.add(componentOf(one, purl, licencesOf(facts, one.name)));
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function componentOf(one: Package, purl: string, licences: readonly string[]): Models.Component {
  return new Models.Component(Enums.ComponentType.Library, one.name, {
    bomRef: purl,
    purl,
    ...(one.version ? { version: one.version } : {}),
    licenses: new Models.LicenseRepository(declared(licences)),
    ...(one.status === 'ii' ? {} : { properties: properties({ 'dgxos-maas:dpkg-status': one.status }) }),
  });
}

function licencesOf(facts: SbomSource['facts'], name: string): readonly string[] {
  const { packages } = facts.licences;
  return Object.hasOwn(packages, name) ? packages[name]! : [];
}

/** CycloneDX takes either licences by identifier or name, or one expression alone. */
function declared(names: readonly string[]): Models.License[] {
  // Names that mean the same ("GPL-2+", "GPL-2.0+") once.
  const byMeaning = new Map(names.map((name) => [spdxOf(name) ?? `name ${name}`, name]));
  const all = [...byMeaning].map(([meaning, name]) => ({ name, expression: spdxOf(name) && meaning }));
  const expressions = all.flatMap(({ expression }) => expression ?? []);
  const single = (expression: string | null) => expression !== null && isIdentifier(expression);
  const licences =
    expressions.length < all.length || expressions.every(single)
      ? all.map(({ name, expression }) =>
          single(expression) ? new Models.SpdxLicense(expression!) : new Models.NamedLicense(name),
        )
      : [new Models.LicenseExpression(allOf(expressions))];
  for (const licence of licences) licence.acknowledgement = Enums.LicenseAcknowledgement.Declared;
  return licences;
}

function properties(values: Record<string, string>): Models.PropertyRepository {
  return new Models.PropertyRepository(
    Object.entries(values).map(([name, value]) => new Models.Property(name, value)),
  );
}

/** A UUID of version 8 (RFC 9562: bits of one's own choosing) out of a digest's first 128 bits. */
function uuidOf(sha256: string): string {
  const variant = '89ab'[Number.parseInt(sha256[16]!, 16) & 3];
  const hex = `${sha256.slice(0, 12)}8${sha256.slice(13, 16)}${variant}${sha256.slice(17, 32)}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
