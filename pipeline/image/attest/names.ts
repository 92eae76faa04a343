import { basename, dirname, join } from 'node:path';

const ENDING = /\.(?:tar\.gz|tgz|tar\.xz|txz|tar\.bz2|tbz2?|tar)$/i;

/** The paths of what stands beside an artifact, there or not. */
export function sidecarNames(artifact: string) {
  const dir = dirname(artifact);
  const stem = basename(artifact).replace(ENDING, '');
  return {
    manifest: join(dir, `${stem}.manifest.json`),
    sbom: join(dir, `${stem}.sbom.cdx.json`),
    provenance: join(dir, `${stem}.provenance.json`),
    signature: join(dir, `${stem}.sig.json`),
    sums: join(dir, 'SHA256SUMS'),
  };
}
