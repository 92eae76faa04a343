import { gather, type Material } from '../html/material.ts';
import type { FailedCheck, NightArtifact } from './types.ts';

/** What the summary keeps of the artifact in an image's folder; null where there is none. */
export async function artifactIn(imageDir: string): Promise<NightArtifact | null> {
  const material = await gather(imageDir).catch(() => null);
  const artifact = material?.records.pack?.data.artifact;
  if (!material || !artifact) return null;
  const { sha256, size, date } = artifact;
  return { sha256, size, date, failing: failing(material) };
}

function failing({ verdict }: Material): FailedCheck[] | null {
  if (!verdict) return null;
  return verdict.findings
    .filter(({ status }) => status === 'fail')
    .map(({ id, title, severity, found }) => ({ id, title, severity, found }));
}
