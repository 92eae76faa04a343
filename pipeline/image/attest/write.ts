import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { packageVersion } from '../../host/process/package-root.ts';
import { artifactManifest, type ManifestSource } from '../pack/manifest.ts';
import { signStatement } from './dsse.ts';
import { hostFacts } from './host.ts';
import { sidecarNames } from './names.ts';
import { provenance } from './provenance.ts';
import type { SigningKey } from './signing-key.ts';
import { formatSums } from './sums.ts';

export interface AttestationSource extends ManifestSource {
  /** Null: the image is not signed. */
  signingKey: SigningKey | null;
}

/**
 * Writes beside the artifact what it is, what is in it and where it came from: manifest, SBOM, provenance, signature,
 * SHA256SUMS; each whole or not at all, the sums last.
 * @returns the paths written
 */
export async function writeAttestations(source: AttestationSource): Promise<string[]> {
  const { image, packed, signingKey } = source;
  const names = sidecarNames(packed.path);
  // A library that only this needs, and that takes a while to load.
  const { sbom } = await import('./sbom.ts');
  const version = packageVersion();
  const files = new Map([
    [names.manifest, artifactManifest(source)],
    [names.sbom, sbom({ image, artifact: packed, facts: packed.facts, toolVersion: version })],
  ]);
  const statement = provenance({
    ...source,
    artifact: { ...packed, name: basename(packed.path) },
    byproducts: [...files].map(sumOf),
    host: await hostFacts(),
    toolVersion: version,
    finishedOn: new Date(),
  });
  const text = json(statement);
  files.set(names.provenance, text);
  if (signingKey) {
    const envelope = signStatement(Buffer.from(text), signingKey.key, signingKey.keyId);
    files.set(names.signature, json(envelope));
  }
  const sums = [{ name: basename(packed.path), sha256: packed.sha256 }, ...[...files].map(sumOf)];
  files.set(names.sums, formatSums(sums));
  for (const [path, content] of files) await writeFileAtomic(path, content);
  return [...files.keys()];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function sumOf([path, content]: [string, string]): { name: string; sha256: string } {
  return { name: basename(path), sha256: createHash('sha256').update(content).digest('hex') };
}
